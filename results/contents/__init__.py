"""What is said of a run: tables and sentences, the same on paper and on the page.

`subject` is what is spoken of; the other files make tables and sentences of it in the reader's
language; `document` puts them in the order in which they are read. Nothing here draws or writes.
"""
