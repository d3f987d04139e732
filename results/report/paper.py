"""Our own Word base document: styles, numbering and page, built from nothing.

标题 is set in 黑体 and text in 仿宋; every style names its East Asian font, or Word would take a
Japanese one. Fonts are named and not embedded: they come with Word in China.
"""

import zipfile
from io import BytesIO

TITLE_FONT, TEXT_FONT, LATIN = "黑体", "仿宋", "Times New Roman"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml"
PARTS = {"styles": "styles", "numbering": "numbering", "settings": "settings"}
A4 = 11906, 16838  # twentieths of a point
MARGIN = 1134  # 2 cm
WIDTH_CM = 17.0  # of the text

# name: (id, based on, East Asian font, half points, before, after, line, what else it says)
TEXTS = {
    "Normal": ("Normal", None, TEXT_FONT, 21, 0, 60, 300, ""),
    "Title": ("Title", "Normal", TITLE_FONT, 36, 0, 40, 360, '<w:jc w:val="center"/>'),
    "Subtitle": ("Subtitle", "Normal", TEXT_FONT, 24, 0, 120, 320, '<w:jc w:val="center"/>'),
    "heading 1": ("Heading1", "Normal", TITLE_FONT, 30, 160, 100, 360, "0"),
    "heading 2": ("Heading2", "Normal", TITLE_FONT, 25, 120, 80, 320, "1"),
    "caption": ("Caption", "Normal", TITLE_FONT, 18, 100, 40, 240, "<w:keepNext/>"),
    "Figure Caption": ("FigureCaption", "Normal", TITLE_FONT, 18, 0, 20, 240, ""),
    "Source": ("Source", "Normal", TEXT_FONT, 15, 20, 100, 220, ""),
    "Cell": ("Cell", "Normal", TEXT_FONT, 17, 0, 0, 220, ""),
    "Cell Total": ("CellTotal", "Cell", TITLE_FONT, 17, 0, 0, 220, ""),
    "Cell Head": ("CellHead", "Cell", TITLE_FONT, 15, 0, 0, 220, ""),
    "List Bullet": ("ListBullet", "Normal", TEXT_FONT, 20, 0, 30, 250, "list"),
    "toc 1": ("TOC1", "Normal", TEXT_FONT, 22, 0, 40, 320, "toc"),
    "toc 2": ("TOC2", "Normal", TEXT_FONT, 21, 0, 20, 300, "toc in"),
    "header": ("Header", "Normal", TEXT_FONT, 16, 0, 0, 240, "line"),
    "footer": ("Footer", "Normal", TEXT_FONT, 16, 0, 0, 240, '<w:jc w:val="center"/>'),
}  # fmt: skip


def base() -> BytesIO:
    """An empty document in our styles, as a file that python-docx opens."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in _parts().items():
            package.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    file.seek(0)
    return file


def _parts() -> dict[str, str]:
    relation = f"{R.rsplit('/', 1)[0]}/relationships"
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{MIME}.{kind}+xml"/>'
        for name, kind in {"document": "document.main", **PARTS}.items()
    )
    related = "".join(
        f'<Relationship Id="rId{i}" Type="{relation}/{name}" Target="{name}.xml"/>'
        for i, name in enumerate(PARTS, 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{relation}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f"{related}</Relationships>",
        "word/document.xml": f'<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body><w:sectPr>'
        f'<w:pgSz w:w="{A4[0]}" w:h="{A4[1]}"/><w:pgMar w:top="{MARGIN + 170}" '
        f'w:bottom="{MARGIN}" w:left="{MARGIN}" w:right="{MARGIN}" w:header="624" '
        'w:footer="510" w:gutter="0"/></w:sectPr></w:body></w:document>',
        "word/settings.xml": f'<w:settings xmlns:w="{W}"><w:defaultTabStop w:val="420"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>',
        "word/numbering.xml": f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">'
        '<w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0"><w:start w:val="1"/>'
        '<w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="340" w:hanging="340"/></w:pPr></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
        "word/styles.xml": f'<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        f'{_fonts(TEXT_FONT)}<w:sz w:val="21"/><w:szCs w:val="21"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault><w:pPrDefault/>'
        f"</w:docDefaults>{''.join(_style(name) for name in TEXTS)}{_plain_styles()}</w:styles>",
    }  # fmt: skip


def _style(name: str) -> str:
    key, parent, font, size, before, after, line, more = TEXTS[name]
    default = ' w:default="1"' if parent is None else ""
    based = f'<w:basedOn w:val="{parent}"/><w:next w:val="Normal"/>' if parent else ""
    says = {
        "list": '<w:numPr><w:numId w:val="1"/></w:numPr>',
        "toc": f'<w:tabs>{_dotted()}</w:tabs>', "toc in": f'<w:tabs>{_dotted()}</w:tabs>',
        "line": '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="3" w:color="808080"/></w:pBdr>',
    }  # fmt: skip
    outline = f'<w:outlineLvl w:val="{more}"/>' if more.isdigit() else ""
    kept = "<w:keepNext/><w:keepLines/>" if more.isdigit() else ""
    first = more if more.startswith("<w:keepNext") else ""
    last = more if more.startswith("<w:jc") else ""
    inset = '<w:ind w:left="420"/>' if more == "toc in" else ""
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{key}"><w:name w:val="{name}"/>{based}'
        f"<w:qFormat/><w:pPr>{first}{kept}{says.get(more, '')}"
        f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="atLeast"/>'
        f"{inset}{last}{outline}</w:pPr><w:rPr>{_fonts(font)}"
        f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


def _plain_styles() -> str:
    return (
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        f'<w:name w:val="Default Paragraph Font"/><w:rPr>{_fonts(TEXT_FONT)}</w:rPr></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal '
        'Table"/></w:style>'
    )


def _dotted() -> str:
    return f'<w:tab w:val="right" w:leader="dot" w:pos="{A4[0] - 2 * MARGIN}"/>'


def _fonts(east_asian: str) -> str:
    return (
        f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" '
        f'w:eastAsia="{east_asian}" w:hint="eastAsia"/>'
    )
