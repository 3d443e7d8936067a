"""Documents: in, a manuscript in Markdown; out, HTML, DOCX, ODT (pandoc) and an accessible PDF (Typst), the same bytes each time."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypandoc
import typst

from midterm.files import replacing
from midterm.publish.word import finish_docx, finish_odt

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "fonts"
READER = "markdown+pipe_tables+table_captions+link_attributes+implicit_figures-citations-tex_math_dollars-raw_html-raw_tex-smart-yaml_metadata_block"
EPOCH = "1735689600"  # fixed: documents carry no clock


@dataclass(frozen=True)
class Manuscript:
    """A report before layout: its title, the synthetic mark (empty when the data are real), its Markdown body.

    Pictures are named in the body without a folder and lie in ``figures``, so that no document holds a path.
    """

    title: str
    subtitle: str
    mark: str
    notice: str
    locale: str
    contents: str
    body: str
    figures: Path


@dataclass(frozen=True)
class Document:
    """A format: which kind of picture it takes, and the function that lays the manuscript out into a path."""

    picture: str
    layout: Callable[[Manuscript, Path, Path], None]


def convert(manuscript: Manuscript, document: Document, path: Path) -> None:
    """Lay ``manuscript`` out as one document at ``path``, whole or not at all."""
    with fixed_clock(), tempfile.TemporaryDirectory(prefix="midterm-") as scratch, replacing(path) as beside:
        document.layout(manuscript, beside, Path(scratch))


@contextmanager
def fixed_clock() -> Iterator[None]:
    """Let whatever makes documents take one fixed day for now, also in other processes."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def _metadata(manuscript: Manuscript, scratch: Path) -> str:
    """Return the path of a metadata file (as JSON, so that no text is taken for Markdown)."""
    content: dict[str, object] = {"title": manuscript.title, "subtitle": manuscript.subtitle, "lang": manuscript.locale, "toc-title": manuscript.contents}
    content |= {"keywords": [manuscript.mark], "subject": manuscript.mark} if manuscript.mark else {}
    path = scratch / "metadata.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return f"--metadata-file={path}"


def _front(manuscript: Manuscript) -> str:
    """Return the mark and notice as Markdown, for the start of a document."""
    return f"**{manuscript.mark}**\n\n{manuscript.notice}\n\n" if manuscript.mark else ""


def _html(manuscript: Manuscript, path: Path, scratch: Path) -> None:
    style = scratch / "style.html"
    style.write_text(f"<style>\n{(TEMPLATES / 'report.css').read_text(encoding='utf-8')}\n</style>", encoding="utf-8")
    before = scratch / "before.html"
    marked = f'<p class="sticky-mark">{html.escape(manuscript.mark)}</p>' if manuscript.mark else ""
    before.write_text(marked, encoding="utf-8")
    arguments = ["--standalone", "--toc", "--toc-depth=2", f"--include-in-header={style}", f"--include-before-body={before}", "--variable=document-css:false"]
    text = pypandoc.convert_text(_front(manuscript) + manuscript.body, "html5", format=READER, extra_args=[*arguments, _metadata(manuscript, scratch)])
    path.write_text(_embedded(_scrollable(_with_scope(text)), manuscript.figures), encoding="utf-8")


def _with_scope(text: str) -> str:
    """Mark column headers as such for screen readers."""
    return re.sub(r"<th(?=[ >])", '<th scope="col"', text)


def _scrollable(text: str) -> str:
    """Let wide tables scroll inside their own box, reachable by keyboard."""
    return text.replace("<table", '<div class="wide" tabindex="0" role="group"><table').replace("</table>", "</table></div>")


def _embedded(text: str, figures: Path) -> str:
    """Put every picture into the page itself, so that it needs no other file and no network."""

    def picture(match: re.Match[str]) -> str:
        content = (figures / html.unescape(match.group(1))).read_bytes()
        return f'src="data:image/svg+xml;base64,{base64.b64encode(content).decode()}"'

    return re.sub(r'src="([^"]+\.svg)"', picture, text)


def _word(kind: str, finish: Callable[[Path, str], None]) -> Callable[[Manuscript, Path, Path], None]:
    def layout(manuscript: Manuscript, path: Path, scratch: Path) -> None:
        arguments = ["--standalone", "--toc", "--toc-depth=2", f"--resource-path={manuscript.figures}", _metadata(manuscript, scratch)]
        pypandoc.convert_text(_front(manuscript) + manuscript.body, kind, format=READER, outputfile=str(path), extra_args=arguments)
        finish(path, manuscript.mark)

    return layout


def _pdf(manuscript: Manuscript, path: Path, _scratch: Path) -> None:
    """Lay out by Typst as PDF/UA-1 and PDF/A-2a in one: tagged, with alt texts, language, bookmarks, fonts embedded."""
    arguments = [f"--lua-filter={TEMPLATES / 'typst.lua'}"]
    body = pypandoc.convert_text(manuscript.body, "typst", format=READER, extra_args=arguments)
    lang, region = manuscript.locale.split("-")
    values = {"title": manuscript.title, "subtitle": manuscript.subtitle, "mark": manuscript.mark, "notice": manuscript.notice}
    values |= {"lang": lang, "region": region, "contents": manuscript.contents}
    source = (TEMPLATES / "report.typ").read_text(encoding="utf-8")
    for name, value in values.items():
        source = source.replace(f"${name}$", _typst_string(value))
    made = typst.compile(  # type: ignore[call-overload]  # its stubs know only paths as input
        source.replace("$body$", body).encode(),
        root=str(manuscript.figures),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["ua-1", "a-2a"],
        timestamp=int(EPOCH),
    )
    path.write_bytes(made)


def _typst_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


FORMATS: dict[str, Document] = {
    "html": Document("svg", _html),
    "docx": Document("png", _word("docx", finish_docx)),
    "odt": Document("png", _word("odt", finish_odt)),
    "pdf": Document("svg", _pdf),
}
