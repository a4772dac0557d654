import io
import socket
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from pagerelay.__main__ import main
from tests.gateway import gateway

KEY = "test/key 99"
ENCODED = "test%2Fkey+99"
NUMBER = "+4915112345678"


def nobody():
    """A URL where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/send"


class SendTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.log = self.folder / "pages.log"

    def send(self, url, *arguments, text="disk full"):
        (self.folder / "test.key").write_text(KEY + "\n")
        config = self.folder / "test.ini"
        config.write_text(f"[gateway]\nurl = {url}\nkey_file = test.key\n")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["send", str(config), NUMBER, text, "--log", str(self.log), *arguments])
        return code, out.getvalue(), err.getvalue()

    def assert_no_key(self, *texts):
        for text in (*texts, self.log.read_text()):
            self.assertNotIn(KEY, text)
            self.assertNotIn(ENCODED, text)

    def test_a_page_is_sent(self):
        with gateway(200, '{"id": "m-17"}') as (url, pages):
            self.assertEqual(self.send(url), (0, "sent m-17\n", ""))
        self.assertEqual(pages, [(KEY, {"to": NUMBER, "text": "disk full"})])
        self.assertEqual(self.log.read_text(), f"{NUMBER} sent m-17\n")

    def test_a_refusal_is_told_without_the_key(self):
        with gateway(403, f"bad key {KEY}") as (url, _):
            self.assertEqual(self.send(url), (1, "", "pagerelay: the gateway says 403: bad key ***\n"))
        self.assert_no_key()

    def test_nobody_answers_and_the_key_is_not_told(self):
        url = nobody()
        code, out, err = self.send(url)
        self.assertEqual((code, out), (1, ""))
        self.assertTrue(err.startswith(f"pagerelay: no answer from {url}?key=***: "), "the message")
        self.assert_no_key(err)

    def test_long_texts_are_not_sent(self):
        code, _, err = self.send(nobody(), text="x" * 161)
        self.assertEqual((code, err), (2, "pagerelay: a text has 1 to 160 characters\n"))


class ShowTest(unittest.TestCase):
    def test_the_example(self):
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["show", str(Path(__file__).parent.parent / "config" / "example.ini")]), 0)
        self.assertEqual(out.getvalue(), "url = http://127.0.0.1:9/send\nkey = (13 characters)\ntimeout_s = 2\n")
