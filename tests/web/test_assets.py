import gzip
import hashlib
import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk_core.web.assets import CORE_STATIC, Assets, Layer, register, sent

VENDOR = CORE_STATIC / "vendor"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "core/css/a.css", "a { color: red }" * 100)
    write(tmp_path / "core/js/app.js", 'import { b } from "./b.js";\nimport "./gone.js";\n')
    write(tmp_path / "core/js/b.js", "export const b = 1;\n")
    write(tmp_path / "core/.secret", "secret")
    write(tmp_path / "theme/css/a.css", "a { color: blue }")
    write(tmp_path / "sla/clock.js", "1")
    write(tmp_path / "outside.css", "outside")
    return tmp_path


def assets_of(folder: Path, *, themed: bool = False, watch: bool = False) -> Assets:
    layers = [Layer("/theme/x/static/", folder / "theme")] if themed else []
    return Assets([*layers, Layer("/static/", folder / "core")], {"sla": folder / "sla"}, watch=watch)


def client_of(assets: Assets) -> FlaskClient:
    app = Flask("assets", static_folder=None)
    register(app, assets)
    return app.test_client()


def test_an_address_carries_the_hash_of_the_content(folder: Path) -> None:
    before = assets_of(folder).url("css/a.css")
    write(folder / "core/css/a.css", "other")
    after = assets_of(folder).url("css/a.css")
    assert before.startswith("/static/css/a.css?v=")
    assert before != after


def test_a_theme_stands_before_core(folder: Path) -> None:
    assert assets_of(folder, themed=True).url("css/a.css").startswith("/theme/x/static/css/a.css?v=")


def test_a_plugins_files_are_named_with_its_id(folder: Path) -> None:
    address = assets_of(folder).url("plugin:sla/clock.js")
    assert address.startswith("/x-static/sla/clock.js?v=")
    assert client_of(assets_of(folder)).get(address).text == "1"


def test_with_the_hash_a_file_is_kept_for_a_year_and_without_it_is_asked_about(folder: Path) -> None:
    assets = assets_of(folder)
    client = client_of(assets)
    assert "immutable" in client.get(assets.url("css/a.css")).headers["Cache-Control"]
    plain = client.get("/static/css/a.css?v=stale")
    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert client.get("/static/css/a.css", headers={"If-None-Match": plain.headers["ETag"]}).status_code == 304


def test_text_is_sent_compressed_to_those_who_can_read_it(folder: Path) -> None:
    client = client_of(assets_of(folder))
    packed = client.get("/static/css/a.css", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/static/css/a.css")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_a_module_imports_others_by_their_hash(folder: Path) -> None:
    assets = assets_of(folder)
    source = client_of(assets).get(assets.url("js/app.js")).text
    digest = assets.url("js/b.js").partition("?v=")[2]
    assert f'from "./b.js?v={digest}"' in source
    assert 'import "./gone.js"' in source


def test_a_module_has_another_address_when_what_it_imports_changed(folder: Path) -> None:
    before = assets_of(folder).url("js/app.js")
    write(folder / "core/js/b.js", "export const b = 2;\n")
    assert assets_of(folder).url("js/app.js") != before


def test_modules_that_import_each_other_are_served(folder: Path) -> None:
    write(folder / "core/js/b.js", 'import "./app.js";\n')
    assets = assets_of(folder)
    assert client_of(assets).get(assets.url("js/app.js")).status_code == 200


@pytest.mark.parametrize(
    "path", ["../outside.css", "%2e%2e/outside.css", "..%2foutside.css", ".secret", "css", "gone.css"]
)
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    assert client_of(assets_of(folder)).get(f"/static/{path}").status_code == 404


def test_a_missing_file_does_not_take_the_page_with_it(folder: Path) -> None:
    assert assets_of(folder).url("gone.css") == "/static/gone.css"


def test_while_developing_a_changed_file_is_read_again(folder: Path) -> None:
    assets = assets_of(folder, watch=True)
    before = assets.url("css/a.css")
    write(folder / "core/css/a.css", "changed")
    assert assets.url("css/a.css") != before


def test_vendored_files_are_what_the_manifest_says_and_carry_their_licence() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text("utf-8"))
    recorded = {file: digest for entry in manifest.values() for file, digest in entry["files"].items()}
    present = {
        file.relative_to(VENDOR).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "MANIFEST.json"
    }
    assert present == recorded
    for name, entry in manifest.items():
        assert f"{name}/LICENSE" in entry["files"]
        assert entry["version"]
        assert entry["licence"]
        assert entry["source"]


def test_comments_of_cores_own_files_stay_at_home() -> None:
    """A tenth of what a first visit loads; code and vendored licences are sent as they are."""
    for file in (CORE_STATIC / "js").glob("*.js"):
        kept = [line for line in file.read_text("utf-8").splitlines() if not line.strip().startswith(("//", "/*", "*"))]
        assert sent(file).decode().splitlines() == kept, file.name
    for file in (CORE_STATIC / "css").glob("*.css"):
        found = sent(file).decode()
        assert not any(line.strip().startswith("/*") and line.endswith("*/") for line in found.splitlines()), file.name
        assert found.count("{") == file.read_text("utf-8").count("{"), file.name
    vendored = next((CORE_STATIC / "vendor").rglob("*.css"))
    assert sent(vendored) == vendored.read_bytes()


def test_what_others_write_is_sent_as_they_wrote_it(folder: Path) -> None:
    file = folder / "mine.js"
    file.write_text("// mine\nrun();\n", "utf-8")
    assert sent(file) == file.read_bytes()
