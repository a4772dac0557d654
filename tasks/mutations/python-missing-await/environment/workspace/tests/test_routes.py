import json
import tempfile
import unittest
from pathlib import Path

from berthd.desk import Desk
from berthd.harbour import Berth, Harbour
from berthd.journal import Journal
from berthd.routes import Routes
from berthd.web import Refused, Request

TERN = {"boat": "Tern", "length_cm": 550, "nights": 2}


class RoutesTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        journal = Journal(Path(folder, "book.jsonl"))
        self.addCleanup(journal.close)
        self.routes = Routes(Desk(Harbour([Berth("A1", 600, 200)]), journal))

    async def status(self, method, path, body=None):
        try:
            answer = await self.routes(Request(method, path, body=json.dumps(body).encode()))
        except Refused as refused:
            answer = refused.answer
        return answer.status

    async def test_a_stay(self):
        self.assertEqual(await self.status("POST", "/berths/A1/stay", TERN), 201)
        self.assertEqual(await self.status("POST", "/berths/A1/stay", TERN), 409)
        self.assertEqual(await self.status("DELETE", "/berths/A1/stay"), 200)
        self.assertEqual(await self.status("DELETE", "/berths/A1/stay"), 409)

    async def test_what_is_wrong(self):
        self.assertEqual(await self.status("POST", "/berths/Z9/stay", TERN), 404)
        self.assertEqual(await self.status("POST", "/berths/A1/stay", {**TERN, "nights": 91}), 400)
        self.assertEqual(await self.status("POST", "/berths/A1/stay", {**TERN, "length_cm": 601}), 422)
        self.assertEqual(await self.status("PUT", "/moves", TERN), 405)
        self.assertEqual(await self.status("GET", "/"), 404)
