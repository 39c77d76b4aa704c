from pathlib import Path

import pytest

from tools import check_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(check_text, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "see file:///" + "work/project/README.md",
        "cd /" + "work/project",
        "-----BEGIN " + "PRIVATE KEY-----",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "<<<<<<<" + " ours",
    ],
)
def test_what_must_not_be_published_is_found_with_its_line(folder: Path, text: str) -> None:
    (problem,) = check_text.text_problems(write(folder / "notes.md", f"first line\n{text}\n"))
    assert problem.startswith("notes.md:2: ")


@pytest.mark.parametrize("text", ["https://example.com/work/1", "a public key", "plugins/work/x", "<< ours"])
def test_ordinary_text_is_left_alone(folder: Path, text: str) -> None:
    assert check_text.text_problems(write(folder / "notes.md", text)) == []


@pytest.mark.parametrize("line", ["--index-url x", "--find-links x", "x @ https://packages.example.com/x.whl"])
def test_pins_name_no_registry(folder: Path, line: str) -> None:
    assert check_text.text_problems(write(folder / "requirements" / "runtime.txt", line))
    assert not check_text.text_problems(write(folder / "README.md", line))


def test_a_module_over_the_limit_fails_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "fine.py", "x\n" * check_text.LONG)
    assert check_text.main() == 0
    assert "fine.py: 300 lines, aim for fewer" in capsys.readouterr().out
    write(folder / "long.py", "x\n" * (check_text.TOO_LONG + 1))
    assert check_text.main() == 1
    assert "long.py: 401 lines, at most 400" in capsys.readouterr().out
