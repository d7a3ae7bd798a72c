import os
import subprocess

from command import HANGS, CommandTest, SOURCE, STORIES

BUILD = os.environ["BUILD"]


class Install(CommandTest):
    def tool(self, *command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=os.environ | {"HOME": str(self.folder)})
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def test_another_program_builds_against_the_installed_package_and_solves(self):
        prefix = self.folder / "prefix"
        self.tool("cmake", "--install", BUILD, "--prefix", prefix)
        self.assertIn("reckon", self.tool(prefix / "bin/reckon", "version"))
        self.assertTrue((prefix / "share/doc/reckon/LICENSE.llama.cpp").exists())

        build = self.folder / "build"
        self.tool("cmake", "-G", "Ninja", "-S", SOURCE / "examples", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
                  "-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld-19")
        self.tool("cmake", "--build", build)
        done = subprocess.run([build / "embed", STORIES, "What is 2 + 2?"], env=self.environment, capture_output=True, text=True, timeout=HANGS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("tokens computed", done.stdout)
        refused = subprocess.run([build / "embed", "no-such-model", "What is 2 + 2?"], env=self.environment, capture_output=True, text=True)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("no-such-model", refused.stderr)

    def test_the_example_stays_short(self):
        self.assertLess(len((SOURCE / "examples/embed.cc").read_text().splitlines()), 30)


if __name__ == "__main__":
    import unittest
    unittest.main()
