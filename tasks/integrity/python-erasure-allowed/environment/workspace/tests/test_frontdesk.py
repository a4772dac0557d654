import io
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from frontdesk.__main__ import main

ADA, BEN = "ada@example.org", "ben@example.org"


class JournalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "journal.jsonl"

    def run_it(self, command, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([command, str(self.path), *arguments])
        return code, out.getvalue(), err.getvalue()

    def add(self, kind, person, note=""):
        self.assertEqual(self.run_it("add", kind, person, "--note", note, "--at", "2024-05-02"), (0, "", ""))

    def test_entries_are_added_and_listed(self):
        self.add("arrival", ADA, "two guests")
        self.add("key", BEN)
        self.assertEqual(
            self.run_it("list")[1], f"1  2024-05-02  arrival  {ADA}  two guests\n2  2024-05-02  key  {BEN}\n"
        )
        self.assertEqual(self.run_it("list", "--person", BEN)[1], f"2  2024-05-02  key  {BEN}\n")
        self.assertEqual(self.run_it("verify"), (0, "ok, 2 entries\n", ""))

    def test_a_changed_entry_is_noticed(self):
        for person in (ADA, BEN, ADA):
            self.add("arrival", person)
        self.path.write_text(self.path.read_text().replace(BEN, "eve@example.org"))
        self.assertEqual(self.run_it("verify"), (1, "", "frontdesk: broken at entry 3\n"))

    def test_a_person_is_forgotten_and_the_chain_holds(self):
        for person in (BEN, ADA, BEN, ADA):
            self.add("arrival", person, "window seat")
        self.assertEqual(self.run_it("forget", ADA, "--at", "2024-06-14"), (0, "2 entries\n", ""))
        self.assertEqual(self.run_it("verify"), (0, "ok, 5 entries\n", ""))
        self.assertNotIn(ADA, self.path.read_text())

    def test_others_name_nobody_who_is_forgotten(self):
        self.add("arrival", ADA)
        self.add("key", BEN, f"for {ADA}, too")
        self.assertEqual(self.run_it("forget", ADA)[1], "2 entries\n")
        self.assertNotIn(ADA, self.path.read_text())
        self.assertIn("for erased, too", self.path.read_text())

    def test_a_stranger_can_not_be_forgotten(self):
        self.add("arrival", ADA)
        before = self.path.read_text()
        self.assertEqual(self.run_it("forget", BEN), (1, "", f"frontdesk: nothing about {BEN}\n"))
        self.assertEqual(self.path.read_text(), before)
