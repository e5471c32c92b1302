"""Command line and .env file."""

import pathlib
import tempfile
import unittest

from tapedeck_mt5 import options


class CommandLineTests(unittest.TestCase):
    def test_the_env_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, ".env")
            path.write_text("# account\nMT5_USER=123\nMT5_PASSWORD=' a=b '\n\nBRIDGE_TOKEN = x \n", encoding="utf-8-sig")
            values = options.settings(path)
            self.assertEqual((values["MT5_PASSWORD"], values["BRIDGE_TOKEN"], values["MT5_PATH"]), (" a=b ", "x", ""))
            self.assertEqual(options.login(values).user, 123)
            self.assertNotIn("a=b", repr(options.login(values)))
            path.write_text("MT5_USER: 123\n")
            with self.assertRaisesRegex(options.BadOption, "line 1"):
                options.settings(path)

    def test_offsets(self):
        self.assertEqual(options.offset_ms("+05:30"), 19_800_000)
        self.assertEqual(options.offset_ms("-03:00"), -10_800_000)


if __name__ == "__main__":
    unittest.main()
