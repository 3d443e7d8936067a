"""Documents: in, manuscripts in Markdown; out, HTML, DOCX, ODT (pandoc) and an accessible PDF (Typst), the same bytes each time.

One pandoc process per core reads each manuscript once and writes all its formats (``templates/documents.lua``: numbers,
captions, references); what it leaves is finished here, format by format, while it goes on with the next.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pypandoc
import typst

from midterm.description import Evaluation, Language
from midterm.errors import Problem, UserError
from midterm.files import replacing
from midterm.publish.style import Font, Palette, font_of
from midterm.publish.word import finish_docx, finish_odt, stand_in

Format = Literal["html", "docx", "odt", "pdf"]
FORMATS: tuple[Format, ...] = ("pdf", "html", "docx", "odt")  # the slowest to finish first
TEMPLATES = Path(__file__).parent / "templates"
# What our own texts do not use is not read: it could only turn a name into markup, and costs half the time.
UNUSED = (
    "citations tex_math_dollars raw_html raw_tex raw_attribute smart yaml_metadata_block pandoc_title_block grid_tables multiline_tables simple_tables "
    "line_blocks example_lists fancy_lists definition_lists task_lists inline_notes footnotes strikeout superscript subscript latex_macros "
    "markdown_in_html_blocks native_divs native_spans implicit_header_references shortcut_reference_links backtick_code_blocks fenced_code_blocks"
)
READER = "markdown" + "".join(f"-{name}" for name in UNUSED.split())
LACKING = "\u25a1"  # an empty square
SCALES = (1.0, 0.9, 0.8, 0.7)  # of type and pictures, until a short PDF has few enough pages
EPOCH = "1735689600"  # fixed: documents carry no clock
PICTURE = re.compile(r"\]\(([^)\s]+)\)\{#fig-")
TARGET, REFERENCE = re.compile(r"\{#((?:fig|tab)-[^\s}]+)"), re.compile(r"\[\]\(#((?:fig|tab)-[^)]+)\)")


@dataclass(frozen=True)
class Look:
    """What the documents of one evaluation share in one language: their words, colour, font, and the Word and ODT files whose styles they take.

    ``most_pages``: how many pages a short one may have (0: as many as it needs); it has no front page, no contents, and no chapter on a new page.
    """

    locale: str
    words: Mapping[str, str]
    accent: str
    font: Font
    references: Mapping[str, Path]
    most_pages: int = 0

    @classmethod
    def of(cls, evaluation: Evaluation, language: Language) -> Look:
        """Return the look that ``publication`` in ``evaluation.yml`` and the labels describe."""
        texts, publication = evaluation.labels[language].report, evaluation.file.publication
        named = {"docx": publication.reference_docx, "odt": publication.reference_odt}
        return cls(
            locale=texts.locale,
            words={name: getattr(texts, name) for name in ("contents", "skip", "figure", "table", "see_figure", "see_table", "see_absent")},
            accent=Palette(publication.colours).accent,
            font=font_of(evaluation),
            references={kind: evaluation.folder / name if name else TEMPLATES / f"reference.{kind}" for kind, name in named.items()},
        )

    def of_pages(self, most: int) -> Look:
        """Return the look of a short document."""
        return replace(self, most_pages=most, words={**self.words, "contents": ""})

    def of_a_form(self) -> Look:
        """Return the look of a form to be filled in: no contents, no numbers before captions."""
        return replace(self, words={**self.words, "contents": "", "figure": "", "table": ""})


@dataclass(frozen=True)
class Manuscript:
    """A text before layout: its title, its marks (empty when there are none), its Markdown body.

    Pictures are named in the body without folder and ending and lie in ``figures`` as SVG and PNG, so that no document holds a path.
    """

    title: str
    subtitle: str
    mark: str
    notice: str
    body: str
    figures: Path
    look: Look


@dataclass(frozen=True)
class Job:
    """One document to be written: a manuscript in a format at a path; ``polish`` is what is still done to the text of a page in HTML."""

    manuscript: Manuscript
    path: Path
    format: Format
    polish: Callable[[str], str] = str


def write_documents(jobs: Sequence[Job]) -> None:
    """Write every document, whole or not at all; raise UserError naming each reference to a figure or table that is not there."""
    manuscripts = {id(job.manuscript): job for job in reversed(jobs)}
    problems = [problem for job in reversed(manuscripts.values()) for problem in _broken(job)]
    if problems:
        raise UserError(problems)
    shares = _shared(jobs, os.cpu_count() or 1)
    with ThreadPoolExecutor(max(len(shares), 1)) as side_by_side:  # pandoc works outside Python
        for done in [side_by_side.submit(_write_share, share) for share in shares]:
            done.result()


def _broken(job: Job) -> Iterator[Problem]:
    """Give the references in a manuscript that lead nowhere."""
    known = set(TARGET.findall(job.manuscript.body))
    for name in dict.fromkeys(REFERENCE.findall(job.manuscript.body)):
        if name not in known:
            kind = "figure" if name.startswith("fig-") else "table"
            reason = f"the text refers to the {kind} {name.partition('-')[2]!r}, which is not in the document; add it or remove the reference"
            yield Problem(job.path.stem, rule="broken_reference", reason=reason)


def _shared(jobs: Sequence[Job], workers: int) -> list[list[list[Job]]]:
    """Divide the jobs over ``workers``, those of one manuscript together, the longest first."""
    together: dict[int, list[Job]] = {}
    for job in jobs:
        together.setdefault(id(job.manuscript), []).append(job)
    shares: list[list[list[Job]]] = [[] for _ in range(workers)]
    load = [0] * workers
    for same in sorted(together.values(), key=lambda group: -len(group[0].manuscript.body)):
        place = load.index(min(load))
        shares[place].append(sorted(same, key=lambda job: FORMATS.index(job.format)))
        load[place] += len(same) * len(same[0].manuscript.body)
    return [share for share in shares if share]


def _write_share(share: list[list[Job]]) -> None:
    """Let one pandoc process write the documents of several manuscripts, and finish each as soon as it is there."""
    with tempfile.TemporaryDirectory(prefix="midterm-") as folder:
        scratch = Path(folder)
        manuscripts = [_described(same, scratch / str(at)) for at, same in enumerate(share)]
        order = scratch / "jobs.json"
        content = {"reader": READER, "html": str(TEMPLATES / "report.html"), "manuscripts": manuscripts}
        order.write_text(json.dumps(content), encoding="utf-8")
        ready = {f"{at} {place}": (job, scratch / str(at) / str(place)) for at, same in enumerate(share) for place, job in enumerate(same)}
        for line in _pandoc(order, scratch / "messages"):
            job, made = ready.pop(line)
            with replacing(job.path) as beside:
                beside.write_bytes(FINISH[job.format](made.read_bytes(), job))


def _described(same: list[Job], scratch: Path) -> dict[str, Any]:
    """Lay a manuscript down for pandoc, and return what is to be made of it (no text of it is taken for Markdown but the body)."""
    manuscript = same[0].manuscript
    look = manuscript.look
    scratch.mkdir()
    source = scratch / "body.md"
    source.write_text(manuscript.body, encoding="utf-8")
    for name in PICTURE.findall(manuscript.body):
        (scratch / name).write_bytes(stand_in(manuscript.figures / f"{name}.png"))
    texts = {"title": manuscript.title, "subtitle": manuscript.subtitle, "mark": manuscript.mark, "notice": manuscript.notice}
    texts |= {"lang": look.locale, "toc-title": look.words["contents"], "skip": look.words["skip"], "keywords": manuscript.mark, "subject": manuscript.mark}
    return {
        "source": str(source),
        "pictures": str(scratch),
        "meta": {key: text for key, text in texts.items() if text},
        "words": dict(look.words),
        "css": (TEMPLATES / "report.css").read_text(encoding="utf-8").replace("$accent$", look.accent),
        "references": {kind: str(path) for kind, path in look.references.items()},
        "outputs": [{"format": job.format, "path": str(scratch / str(place))} for place, job in enumerate(same)],
    }


def _pandoc(order: Path, messages: Path) -> Iterator[str]:
    """Run ``documents.lua`` and give each line that it prints."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "GHCRTS": "-A64m"}  # rare garbage collection: a fifth of the time
    command = [pypandoc.get_pandoc_path(), "lua", str(TEMPLATES / "documents.lua"), str(order)]
    with (
        messages.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, env=environment, text=True) as process,  # noqa: S603
    ):
        assert process.stdout is not None  # noqa: S101  # as asked for above
        try:
            yield from (line.rstrip("\n") for line in process.stdout)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise RuntimeError(f"pandoc stopped: {messages.read_text(encoding='utf-8', errors='replace')}")


def _html(content: bytes, job: Job) -> bytes:
    """Put every picture into the page itself, so that it needs no other file and no network."""
    text = job.polish(_scrollable(content.decode("utf-8")))

    def picture(match: re.Match[str]) -> str:
        drawn = (job.manuscript.figures / f"{html.unescape(match.group(1))}.svg").read_bytes()
        return f'src="data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"'

    return re.sub(r'(?<=<img\s)src="([^"]+)"', picture, text).encode("utf-8")


def _scrollable(text: str) -> str:
    """Let wide tables scroll inside their own box, reachable by keyboard."""
    return text.replace("<table", '<div class="wide" tabindex="0" role="group"><table').replace("</table>", "</table></div>")


def _docx(content: bytes, job: Job) -> bytes:
    look = job.manuscript.look
    return finish_docx(content, job.manuscript.mark, job.manuscript.figures, look.accent, is_short=bool(look.most_pages))


def _odt(content: bytes, job: Job) -> bytes:
    look = job.manuscript.look
    return finish_odt(content, job.manuscript.mark, job.manuscript.figures, look.accent, is_short=bool(look.most_pages))


def _pdf(content: bytes, job: Job) -> bytes:
    """Lay out by Typst as PDF/UA-1 and PDF/A-2a in one: tagged, with alt texts, language, bookmarks, fonts embedded."""
    manuscript, look = job.manuscript, job.manuscript.look
    lang, region = look.locale.split("-")
    values = {"title": manuscript.title, "subtitle": manuscript.subtitle, "mark": manuscript.mark, "notice": manuscript.notice, "accent": look.accent}
    values |= {"lang": lang, "region": region, "font": look.font.name, **{name: look.words[name] for name in ("contents", "figure", "table")}}
    content = _drawable(content.decode("utf-8"), look.font).encode("utf-8")
    values = {name: _drawable(value, look.font) for name, value in values.items()}
    template = (TEMPLATES / "report.typ").read_text(encoding="utf-8")
    for scale in SCALES if look.most_pages else (1.0,):
        source = template.replace("$scale$", f"{scale:g}").replace("$short$", "true" if look.most_pages else "false")
        for name, value in values.items():
            source = source.replace(f"${name}$", _typst_string(value))
        made = _compiled(source.encode() + content, manuscript)
        if pages_of(made) <= look.most_pages:
            break
    return made


def _drawable(text: str, font: Font) -> str:
    """Return ``text`` with a mark for every character that ``font`` has no sign for, which PDF/A and PDF/UA do not allow."""
    return text.translate({ord(sign): LACKING for sign in font.lacking(text)})


def pages_of(made: bytes) -> int:
    """Return how many pages a PDF has, as its tree of pages says."""
    return max(int(count) for count in re.findall(rb"/Type/Pages/Count (\d+)", made))


def _compiled(source: bytes, manuscript: Manuscript) -> bytes:
    made: bytes = typst.compile(  # type: ignore[call-overload]  # its stubs know only paths as input
        source,
        root=str(manuscript.figures),
        font_paths=_folders(manuscript.look.font.files),
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=["ua-1", "a-2a"],
        timestamp=int(EPOCH),
    )
    return made


def _folders(files: Iterable[Path]) -> list[str]:
    return sorted({str(file.parent) for file in files})


def _typst_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


FINISH: Mapping[Format, Callable[[bytes, Job], bytes]] = {"html": _html, "docx": _docx, "odt": _odt, "pdf": _pdf}
