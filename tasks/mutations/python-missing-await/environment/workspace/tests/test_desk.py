import tempfile
import unittest
from pathlib import Path

from berthd.desk import Desk
from berthd.harbour import Berth, Harbour, Stay
from berthd.journal import Journal, JournalError

BERTHS = [Berth("A1", 600, 200), Berth("B1", 1200, 250)]


class DeskTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def desk(self, journal):
        desk = Desk(Harbour(BERTHS), Journal(journal))
        self.addCleanup(desk.journal.close)
        return desk

    async def test_an_arrival_costs(self):
        receipt = await self.desk(self.folder / "book.jsonl").arrive("A1", Stay("Tern", 550, 2))
        self.assertEqual(receipt, {"berth": "A1", "boat": "Tern", "fee_cents": 2400})

    async def test_the_history_of_a_berth(self):
        desk = self.desk(self.folder / "book.jsonl")
        await desk.arrive("A1", Stay("Tern", 550, 2))
        await desk.move("A1", "B1")
        await desk.depart("B1")
        self.assertEqual([entry["what"] for entry in await desk.history("A1")], ["arrival", "move"])
        self.assertEqual([entry["what"] for entry in await desk.history("B1")], ["move", "departure"])

    async def test_nothing_happens_without_the_journal(self):
        desk = self.desk(self.folder / "missing" / "book.jsonl")
        with self.assertRaises(JournalError):
            await desk.arrive("A1", Stay("Tern", 550, 2))
        self.assertEqual(desk.harbour.stays, {})
