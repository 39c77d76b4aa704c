"""Static files under addresses that change with their content, so that browsers may keep them for a year."""

import gzip
import hashlib
import mimetypes
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, Response, has_request_context, request
from werkzeug.exceptions import NotFound

from helpdesk_core.web.context import state

CORE_STATIC = Path(__file__).parent / "static"
KEEP = "public, max-age=31536000, immutable"
ASK = "public, no-cache"
SPECULATION = "speculation.json"
_COMPRESSED = frozenset({".css", ".js", ".mjs", ".svg", ".json", ".txt", ".html", ".map", ".webmanifest"})
_IMPORT = re.compile(r"""((?:from|import)\s*\(?\s*)(["'])(\.{1,2}/[^"']+\.m?js)\2""")


_ALONE = {
    ".css": re.compile(rb"^[ \t]*/\*(?:(?!\*/).|\n)*\*/[ \t]*\n", re.MULTILINE),
    ".js": re.compile(rb"^[ \t]*(?://.*|/\*(?:(?!\*/).|\n)*\*/[ \t]*)\n", re.MULTILINE),
}
"""Comments that have lines of their own."""


def sent(file: Path) -> bytes:
    """Return what is sent of a file; of core's own, without the lines that only who reads the code needs.

    Those are a tenth of what a first visit loads. Vendored files and those of themes and plugins stay as they are.
    """
    body = file.read_bytes()
    alone = _ALONE.get(file.suffix)
    if alone is None or not file.is_relative_to(CORE_STATIC) or file.is_relative_to(CORE_STATIC / "vendor"):
        return body
    return alone.sub(b"", body)


@dataclass(frozen=True)
class Layer:
    """A folder of static files and the address they are served under."""

    prefix: str
    folder: Path

    def files(self) -> Iterator[tuple[str, Path]]:
        """Path inside the layer and file, for each file that may be served; dot files never are."""
        for file in sorted(self.folder.rglob("*")) if self.folder.is_dir() else ():
            parts = file.relative_to(self.folder).parts
            if file.is_file() and not any(part.startswith(".") for part in parts):
                yield "/".join(parts), file


@dataclass
class Asset:
    """One file that is served: its content as sent, and the hash of it."""

    address: str
    file: Path
    body: bytes
    digest: str
    packed: bytes | None = None

    @property
    def kind(self) -> str:
        """The content type."""
        if self.file.suffix in (".js", ".mjs"):
            return "text/javascript"
        if self.file.name == SPECULATION:
            return "application/speculationrules+json"
        return mimetypes.guess_type(self.file.name)[0] or "application/octet-stream"


MOST_KEPT: Final = 1000
"""How many addresses are kept, and for how many paths that a site may stand below."""


class Assets:
    """All static files of one app: the site's own, the theme's, core's and the plugins'.

    `layers` are asked in order for a path, the first that has it wins; `plugins` maps plugin id to its folder; `single`
    maps an address to a file that is known by its address only. Files are read and hashed once, here; with `watch`
    (development) they are read each time. Only files found now are ever served, so no request reaches outside.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        plugins: Mapping[str, Path] | None = None,
        single: Mapping[str, Path] | None = None,
        *,
        watch: bool = False,
    ) -> None:
        self.watch = watch
        self._files: dict[str, Path] = dict(single or {})
        self._paths: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        self._addresses: dict[str, str] = {}
        self._rooted_addresses: dict[str, dict[str, str]] = {}
        for layer in layers:
            for path, file in layer.files():
                self._files[layer.prefix + path] = file
                self._paths.setdefault(path, layer.prefix + path)
        for plugin, folder in (plugins or {}).items():
            for path, file in Layer(f"/x-static/{plugin}/", folder).files():
                self._files[f"/x-static/{plugin}/{path}"] = file
                self._paths[f"plugin:{plugin}/{path}"] = f"/x-static/{plugin}/{path}"
        for address in self._files:
            self._load(address, ())

    def url(self, path: str) -> str:
        """The address of `css/desk.css` or `plugin:sla/clock.js`, with the hash of its content.

        A path that no layer has gives an address that answers 404: a missing picture does not take the page with it.
        """
        known = self._addresses.get(path)
        if known is None or self.watch:
            address = self._paths.get(path)
            if address is None:
                return self._rooted(f"/static/{path}")
            known = self._addresses[path] = self._hashed(address)
        return self._rooted(known)

    def addresses(self, root: str) -> dict[str, str]:
        """Return where addresses by path are kept for pages below that path; while files may change, for one page."""
        if self.watch or (len(self._rooted_addresses) >= MOST_KEPT and root not in self._rooted_addresses):
            return {}
        return self._rooted_addresses.setdefault(root, {})

    def at(self, address: str) -> str:
        """The full address, with hash, of a file known by its address."""
        return self._rooted(self._hashed(address))

    def _hashed(self, address: str) -> str:
        return f"{address}?v={self._load(address, ()).digest}"

    def get(self, address: str) -> Asset | None:
        """The file behind an address, or none."""
        return self._load(address, ()) if address in self._files else None

    @staticmethod
    def _rooted(address: str) -> str:
        return request.script_root + address if has_request_context() else address

    def _load(self, address: str, above: tuple[str, ...]) -> Asset:
        """Read a file; a module's relative imports get the hashes of what they import, kept as long as they are."""
        known = self._assets.get(address)
        if known is not None and not self.watch:
            return known
        file = self._files[address]
        body = sent(file)
        if file.suffix in (".js", ".mjs"):
            body = self._with_hashes(address, body.decode(), (*above, address)).encode()
        digest = hashlib.sha256(body).hexdigest()[:8]
        if known is not None and known.digest == digest:
            return known
        asset = Asset(address, file, body, digest)
        self._assets[address] = asset
        return asset

    def _with_hashes(self, address: str, source: str, above: tuple[str, ...]) -> str:
        def hashed(match: re.Match[str]) -> str:
            before, quote, relative = match.groups()
            target = posixpath.normpath(posixpath.join(posixpath.dirname(address), relative))
            if target not in self._files or target in above:  # modules that import each other keep plain addresses
                return match.group()
            return f"{before}{quote}{relative}?v={self._load(target, above).digest}{quote}"

        return _IMPORT.sub(hashed, source)


def register(app: Flask, assets: Assets, shown: Callable[[], Assets] | None = None) -> None:
    """Serve the files and give templates `asset(path)`; the app is made with `static_folder=None`.

    `shown` gives the files for the page at hand, where they may be others than everybody's.
    """
    current = shown or (lambda: assets)

    def serve(path: str) -> Response:
        asset = current().get(request.path) or assets.get(request.path)
        if asset is None:
            raise NotFound
        return respond(asset)

    app.add_url_rule("/static/<path:path>", "static", serve)
    app.add_url_rule("/theme/<path:path>", "theme_static", serve)
    app.add_url_rule("/x-static/<path:path>", "plugin_static", serve)

    def asset(path: str) -> str:
        """Return the address of a file, kept: a page shows a hundred icons out of one, and the next page again."""
        if not has_request_context():
            return current().url(path)
        mine = state()
        if mine.addresses is None:
            mine.addresses = current().addresses(request.script_root)
        found = mine.addresses.get(path)
        if found is None:
            found = current().url(path)
            if len(mine.addresses) < MOST_KEPT:
                mine.addresses[path] = found
        return found

    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def fetch_ahead(response: Response) -> Response:
        """Let browsers fetch a page while the pointer rests on its link; such requests say `Sec-Purpose: prefetch`."""
        if response.mimetype == "text/html":
            response.headers["Speculation-Rules"] = f'"{assets.url(SPECULATION)}"'
        return response


def respond(asset: Asset) -> Response:
    """The file as an answer: kept for a year when asked for by its hash, else asked about each time."""
    response = Response(asset.body, content_type=asset.kind)
    if asset.kind.startswith("text/"):
        response.content_type = f"{asset.kind}; charset=utf-8"
    if asset.file.suffix in _COMPRESSED:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] and len(asset.body) > 500:
            if asset.packed is None:
                asset.packed = gzip.compress(asset.body, 9, mtime=0)
            response.data = asset.packed
            response.content_encoding = "gzip"
    response.headers["Cache-Control"] = KEEP if request.args.get("v") == asset.digest else ASK
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.set_etag(asset.digest, weak=True)
    response.make_conditional(request)
    return response
