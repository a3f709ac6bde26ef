"""OTLP/HTTP receiver (standard library only): keeps each request body as NNN.SIGNAL.pb (gzip undone) and, if it
is given a server, passes every request on as it came and answers what the server answered."""
import gzip
import os
import threading
import urllib.error
import urllib.request
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNALS = ("traces", "logs", "metrics")
PASSED_ON = ("Content-Type", "Content-Encoding", "User-Agent")


def inflated(body, encoding):
    if encoding == "gzip":
        return gzip.decompress(body)
    return zlib.decompress(body) if encoding == "deflate" else body


def start(out, forward_to=None):
    """Gives the server, its port and the list of answers that were not 200."""
    os.makedirs(out, exist_ok=True)
    lock, counter, refused = threading.Lock(), [0], []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def body(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def answer_of_server(self, body):
            headers = {k: self.headers[k] for k in PASSED_ON if self.headers.get(k)}
            request = urllib.request.Request(forward_to + self.path, body, headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.headers.get("Content-Type"), answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers.get("Content-Type"), error.read()

        def do_POST(self):
            body = self.body()
            kind = "json" if "json" in (self.headers.get("Content-Type") or "") else "pb"
            signal = self.path.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
            if signal in SIGNALS:
                with lock:
                    counter[0] += 1
                    name = f"{counter[0]:03}.{signal}.{kind}"
                encoding = (self.headers.get("Content-Encoding") or "").lower()
                with open(os.path.join(out, name), "wb") as file:
                    file.write(inflated(body, encoding))
            status, content_type, answer = 200, "application/x-protobuf", b""
            if forward_to and signal in SIGNALS:
                status, content_type, answer = self.answer_of_server(body)
                if status != 200:
                    refused.append((name, status, answer[:300]))
            self.send_response(status)
            self.send_header("Content-Type", content_type or "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1], refused
