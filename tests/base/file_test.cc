#include "proa/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/base/thread_pool.h"

// These stand before libc's in this program and fail when told to: the n-th call from now gives the
// errno.
static int fsync_fails_at = 0, rename_fails_at = 0, write_fails_at = 0, failure = 0;
static bool short_writes = false;

static bool due(int& countdown) {
  if (countdown == 0 || --countdown != 0) return false;
  errno = failure;
  return true;
}

extern "C" int fsync(int fd) {
  return due(fsync_fails_at) ? -1 : static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int renameat(int from_fd, const char* from, int to_fd, const char* to) noexcept {
  return due(rename_fails_at) ? -1
                              : static_cast<int>(syscall(SYS_renameat, from_fd, from, to_fd, to));
}

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  if (fd > 2 && due(write_fails_at)) return -1;
  if (fd > 2 && short_writes && size > 7) size = 7;
  return syscall(SYS_write, fd, data, size);
}

namespace proa {
namespace {

using Bytes = std::span<const std::byte>;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

void write_text(const std::string& path, std::string_view text) {
  Bytes piece = bytes_of(text);
  write_file(path, std::span(&piece, 1));
}

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class File : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/proa_file_XXXXXX";
    ASSERT_TRUE(mkdtemp(pattern));
    folder_ = pattern;
  }
  void TearDown() override {
    fsync_fails_at = rename_fails_at = write_fails_at = 0;
    short_writes = false;
    set_interrupt_check(nullptr);
    if (folder_.starts_with("/tmp/proa_file_")) {
      for (const auto& name : names()) {
        unlink((folder_ + "/" + name).c_str());
        rmdir((folder_ + "/" + name).c_str());
      }
      rmdir(folder_.c_str());
    }
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    DIR* list = opendir(folder_.c_str());
    while (dirent* entry = readdir(list)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") result.push_back(name);
    }
    closedir(list);
    return result;
  }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  // The write fails with a message holding each text; the old content stands, alone in the folder.
  void expect_failure(const std::string& path, std::initializer_list<std::string_view> texts) {
    try {
      write_text(path, std::string(100'000, 'n'));
      FAIL() << "no error";
    } catch (const UserError& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io);
      for (auto text : texts) {
        EXPECT_NE(std::string_view(error.what()).find(text), std::string_view::npos)
            << error.what();
      }
    }
    EXPECT_EQ(read_text(path), "old");
    EXPECT_EQ(names().size(), 1u);
  }

  std::string folder_;
};

TEST_F(File, WritesAllPiecesInOrder) {
  std::vector<Bytes> pieces = {bytes_of("one "), {}, bytes_of("two "), bytes_of("three")};
  write_file(at("a"), pieces);
  EXPECT_EQ(read_text(at("a")), "one two three");
  write_file(at("a"), {});
  EXPECT_EQ(read_text(at("a")), "");
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_F(File, ShortWritesAreContinued) {
  short_writes = true;
  std::string text = "a text that takes several calls to write";
  write_text(at("a"), text);
  short_writes = false;
  EXPECT_EQ(read_text(at("a")), text);
}

TEST_F(File, InterruptedCallsAreRepeated) {
  failure = EINTR;
  write_fails_at = 1;
  write_text(at("a"), "text");
  EXPECT_EQ(read_text(at("a")), "text");
}

TEST_F(File, RelativePathsAndLongNames) {
  char before[4096];
  ASSERT_TRUE(getcwd(before, sizeof before));
  ASSERT_EQ(chdir(folder_.c_str()), 0);
  std::string name(255, 'n');
  write_text(name, "text");
  EXPECT_EQ(read_text(name), "text");
  ASSERT_EQ(chdir(before), 0);
  EXPECT_EQ(names(), std::vector<std::string>{name});
}

TEST_F(File, KeepsPermissionsAndFollowsLinks) {
  write_text(at("a"), "old");
  ASSERT_EQ(chmod(at("a").c_str(), 0640), 0);
  ASSERT_EQ(symlink("a", at("link").c_str()), 0);
  write_text(at("link"), "new");
  EXPECT_EQ(read_text(at("a")), "new");
  struct stat info;
  ASSERT_EQ(lstat(at("link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  ASSERT_EQ(stat(at("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
}

TEST_F(File, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(mkdir(at("d").c_str(), 0777), 0);
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0666), 0);
  ASSERT_EQ(symlink("nowhere", at("dangling").c_str()), 0);
  for (const auto& path : {at("d"), at("d/"), at("pipe"), at("dangling"), std::string("/dev/null"),
                           at("missing/a"), at("d/a/"), std::string(), std::string("a\0b", 3)}) {
    try {
      write_text(path, "text");
      FAIL() << path;
    } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::io) << path; }
  }
  for (const auto& path : {at("d"), at("pipe"), at("missing"), std::string("/dev/null")}) {
    EXPECT_THROW(MappedFile::open(path), UserError) << path;
  }
  EXPECT_EQ(names().size(), 3u);
}

TEST_F(File, FailuresLeaveTheOldContent) {
  write_text(at("a"), "old");
  failure = EIO;
  fsync_fails_at = 1;
  expect_failure(at("a"), {"cannot flush to disk", at("a"), "Input/output error"});
  rename_fails_at = 1;
  failure = EACCES;
  expect_failure(at("a"), {"cannot give the new content its name", at("a"), "Permission denied"});
  write_fails_at = 1;
  failure = ENOSPC;
  expect_failure(at("a"), {"cannot write", at("a"), "No space left on device"});
}

TEST_F(File, AFolderThatCannotBeFlushedIsReported) {
  write_text(at("a"), "old");
  failure = EIO;
  fsync_fails_at = 2;  // the first flushes the file
  EXPECT_THROW(write_text(at("a"), "new"), UserError);
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
  failure = EINVAL;  // "this file system does not do that"
  fsync_fails_at = 2;
  write_text(at("a"), "newer");
  EXPECT_EQ(read_text(at("a")), "newer");
}

TEST_F(File, InterruptLeavesTheOldContent) {
  write_text(at("a"), "old");
  set_interrupt_check([] { return true; });
  try {
    write_text(at("a"), "new");
    FAIL();
  } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::interrupted); }
  EXPECT_EQ(read_text(at("a")), "old");
  EXPECT_EQ(names().size(), 1u);
}

// In a child, so that limits and mounts do not stay. The body returns whether all was as expected.
template <class Body>
int in_child(Body body) {
  pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

TEST_F(File, SizeLimitOfTheProcess) {
  write_text(at("a"), "old");
  EXPECT_EQ(in_child([&] {
              signal(SIGXFSZ, SIG_IGN);
              rlimit limit{10'000, 10'000};
              setrlimit(RLIMIT_FSIZE, &limit);
              expect_failure(at("a"), {"cannot write", "File too large"});
              return HasFailure() ? 1 : 0;
            }),
            0);
}

TEST_F(File, FullAndReadOnlyFileSystems) {
  int result = in_child([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_.c_str(), "tmpfs", 0, "size=32k") != 0) {
      return 77;
    }
    write_text(at("a"), "old");
    expect_failure(at("a"), {"cannot write", "No space left on device"});
    if (mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) != 0) return 77;
    expect_failure(at("a"), {"cannot create a temporary file beside", "Read-only file system"});
    return HasFailure() ? 1 : 0;
  });
  if (result == 77) GTEST_SKIP() << "mounting a small file system is not allowed here";
  EXPECT_EQ(result, 0);
}

TEST_F(File, LeftoversOfKilledWritersGoAndOthersStay) {
  write_text(at(".a.0123abcd.tmp"), "left by a killed writer");
  write_text(at(".b.0123abcd.tmp"), "of another file");
  write_text(at(".a.notes.tmp"), "not ours");
  int alive = ::open(at(".a.00000001.tmp").c_str(), O_CREAT | O_WRONLY, 0666);
  ASSERT_EQ(syscall(SYS_flock, alive, 2 /* LOCK_EX */), 0);
  write_text(at("a"), "new");
  close(alive);
  auto left = names();
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left,
            (std::vector<std::string>{".a.00000001.tmp", ".a.notes.tmp", ".b.0123abcd.tmp", "a"}));
}

TEST_F(File, WritersOfOneNameDoNotDisturbEachOther) {
  std::vector<std::thread> writers;
  for (char mark : {'a', 'b', 'c'}) {
    writers.emplace_back([this, mark] {
      for (int i = 0; i < 50; ++i) write_text(at("file"), std::string(50'000, mark));
    });
  }
  for (auto& writer : writers) writer.join();
  std::string text = read_text(at("file"));
  EXPECT_EQ(text, std::string(50'000, text[0]));
  EXPECT_EQ(names(), std::vector<std::string>{"file"});
}

TEST_F(File, MapsContentPrivately) {
  write_text(at("a"), "content");
  auto map = MappedFile::open(at("a"));
  EXPECT_EQ(map->path(), at("a"));
  ASSERT_EQ(map->size(), 7u);
  EXPECT_EQ(std::memcmp(map->bytes().data(), "content", 7), 0);
  map->data()[0] = std::byte{'K'};
  EXPECT_EQ(read_text(at("a")), "content");
  write_text(at("a"), "");  // the map keeps what it showed
  EXPECT_EQ(std::memcmp(map->bytes().data(), "Kontent", 7), 0);
  EXPECT_EQ(MappedFile::open(at("a"))->size(), 0u);
}

// Content n is its number, a length and bytes that follow from both, closed by a checksum.
std::vector<std::byte> content(uint32_t number) {
  std::mt19937 random(number);
  std::vector<std::byte> bytes(20'000 + random() % 200'000);
  for (auto& byte : bytes) byte = std::byte(random() & 0xff);
  uint32_t checksum = crc32c(bytes);
  auto tail = std::as_bytes(std::span(&checksum, 1));
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

bool is_whole(Bytes bytes) {
  uint32_t checksum;
  if (bytes.size() < 4) return false;
  std::memcpy(&checksum, bytes.data() + bytes.size() - 4, 4);
  return crc32c(bytes.first(bytes.size() - 4)) == checksum;
}

// kill -9 at a random moment of a writer that alternates between two contents.
void kill_loop(const std::string& path, int rounds) {
  std::vector<std::vector<std::byte>> versions = {content(1), content(2)};
  std::mt19937 random(11);
  Bytes first = versions[0];
  write_file(path, std::span(&first, 1));
  int seen[2] = {0, 0};
  for (int round = 0; round < rounds; ++round) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (size_t i = static_cast<size_t>(round);; ++i) {
        Bytes whole = versions[i % 2];
        std::vector<Bytes> pieces = {whole.first(1000), whole.subspan(1000)};
        write_file(path, pieces);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    auto map = MappedFile::open(path);
    ASSERT_TRUE(is_whole(map->bytes())) << "round " << round;
    bool second = map->size() == versions[1].size();
    ASSERT_TRUE(std::equal(map->bytes().begin(), map->bytes().end(), versions[second].begin(),
                           versions[second].end()));
    seen[second]++;
  }
  EXPECT_GT(seen[0], 0);
  EXPECT_GT(seen[1], 0);
  write_file(path, std::span(&first, 1));
}

TEST_F(File, KilledWritersLeaveAWholeFile) {
  kill_loop(at("a"), 500);
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

TEST_F(File, NightlyKilledWritersLeaveAWholeFile) {
  kill_loop(at("a"), 5000);
  EXPECT_EQ(names(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace proa
