"""Serve the built pages as a host does, text compressed, for tests and benchmarks."""

import functools
import gzip
import http.server
import io
from pathlib import Path

TEXT = {".css", ".html", ".ipynb", ".js", ".svg"}


@functools.cache
def compress(path):
    return gzip.compress(path.read_bytes())


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            return super().send_head()
        body = compress(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)
