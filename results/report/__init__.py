"""Documents that policy staff hand on: Word, PDF, Excel and HTML of what `contents` says."""
