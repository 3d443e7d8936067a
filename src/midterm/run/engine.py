"""The Papermill engine: in, a parameterised notebook; out, the same executed in this very process, without a kernel.

Papermill finds it by the name ``midterm`` (``papermill in.ipynb out.ipynb --engine midterm``). It is Papermill's own client, with
its marks, timings, logs and errors; only a cell's source goes to IPython's shell here instead of to a kernel through a socket.
The process should be one that was started for the notebook: what a notebook does to it stays.
"""

from __future__ import annotations

import sys
from typing import Any

from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.exceptions import PapermillException
from papermill.log import logger


class InProcessEngine(NBClientEngine):  # type: ignore[misc]
    """Execute the cells in this process; a time limit for cells is refused, as nothing here could hold to it."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **kwargs: Any) -> Any:
        """Run the cells of ``nb_man.nb``; raise PapermillException for another language than Python or a time limit."""
        language = nb_man.nb.metadata.get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise PapermillException(f"the engine 'midterm' runs Python, not {language}; leave --engine out")
        if kwargs.get("execution_timeout") or kwargs.get("timeout"):
            raise PapermillException("the engine 'midterm' has no time limit for a cell; leave it or --engine out")
        shown = {name: kwargs.get(name) for name in ("log_output", "stdout_file", "stderr_file")}
        return _Client(nb_man, kernel_name=kernel_name, log=logger, **shown).execute()


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client with a shell in place of a kernel."""

    def execute(self, **_: Any) -> Any:
        from midterm.run.shell import shell

        self.reset_execution_trackers()
        self.place: tuple[Any, int] | None = None
        with shell(self._receive) as self.shell:
            self.papermill_execute_cells()
        self.nb.metadata["language_info"] = _language_info()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """Run one cell; raise CellExecutionError when it failed, unless its tag allows that."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        self.place, cell["outputs"], self.clear_before_next_output = (cell, cell_index), [], False
        cell["execution_count"] = self.shell.execution_count
        ran = self.shell.run_cell(cell.source, store_history=True)
        sys.stdout.flush()
        sys.stderr.flush()
        if self.shell.exit_now:  # as sys.exit(0), which papermill takes for an end in good order
            cell["outputs"].append(new_output("error", ename="SystemExit", evalue="0", traceback=[]))
        if (not ran.success or self.shell.exit_now) and "raises-exception" not in tags and not self.allow_errors:
            raise CellExecutionError.from_cell_and_msg(cell, _reply(ran))
        return cell

    def _receive(self, message: dict[str, Any]) -> None:
        if self.place is not None:
            self.process_message(message, *self.place)


def _reply(ran: Any) -> dict[str, Any]:
    """Return what a kernel replies to a cell that failed, or that asked to stop."""
    error = ran.error_before_exec or ran.error_in_exec or SystemExit(0)
    return {"ename": type(error).__name__, "evalue": str(error), "traceback": []}


def _language_info() -> dict[str, Any]:
    """Return what a Python kernel says of its language."""
    from ipykernel.ipkernel import IPythonKernel

    return dict(IPythonKernel.language_info)
