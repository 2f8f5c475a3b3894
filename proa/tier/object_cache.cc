#include "proa/tier/object_cache.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/base/hash.h"

namespace proa::tier {

namespace {

constexpr std::string_view kMagic = "proa.obj";
constexpr std::string_view kSuffix = ".proaobj";

// In front of every file: the key's other hash, so that a meeting of names is noticed.
struct Head {
  char magic[8];
  uint64_t check;  // of the key
  uint64_t size;   // of the object
  uint32_t crc;    // of the object
  uint32_t zero;
};

uint64_t check_of(std::string_view key) { return hash_bytes(key.data(), key.size(), 1); }

void make_folders(const std::string& folder) {
  for (size_t at = 1; at != std::string::npos;) {
    at = folder.find('/', at + 1);
    mkdir(folder.substr(0, at).c_str(), 0700);
  }
}

}  // namespace

ObjectCache::ObjectCache(std::string folder, size_t limit)
    : folder_(std::move(folder)), limit_(limit) {}

std::string ObjectCache::path(std::string_view key) const {
  char name[24];
  std::snprintf(name, sizeof name, "%016llx",
                static_cast<unsigned long long>(hash_bytes(key.data(), key.size())));
  return str(folder_, "/", std::string_view(name), kSuffix);
}

std::vector<std::byte> ObjectCache::find(std::string_view key) {
  if (folder_.empty()) return {};
  try {
    std::string file = path(key);
    if (access(file.c_str(), R_OK) != 0) return {};
    auto map = MappedFile::open(file);
    Head head;
    if (map->size() < sizeof head) return {};
    std::memcpy(&head, map->data(), sizeof head);
    std::span<const std::byte> object = map->bytes().subspan(sizeof head);
    bool good = std::string_view(head.magic, sizeof head.magic) == kMagic &&
                head.check == check_of(key) && head.size == object.size() &&
                head.crc == crc32c(object);
    if (!good) return {};
    return {object.begin(), object.end()};
  } catch (const UserError&) { return {}; }
}

void ObjectCache::store(std::string_view key, std::span<const std::byte> object) {
  if (folder_.empty()) return;
  Head head{};
  std::memcpy(head.magic, kMagic.data(), sizeof head.magic);
  head.check = check_of(key);
  head.size = object.size();
  head.crc = crc32c(object);
  std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&head, 1)), object};
  try {
    make_folders(folder_);
    make_room(object.size() + sizeof head);
    write_file(path(key), pieces);
  } catch (const UserError&) {
    // A full or read-only disk costs the next process a compilation, no more.
  }
}

void ObjectCache::make_room(size_t bytes) {
  struct File {
    std::string path;
    size_t size;
    time_t used;
  };
  std::vector<File> files;
  size_t total = bytes;
  DIR* folder = opendir(folder_.c_str());
  if (folder == nullptr) return;
  while (dirent* entry = readdir(folder)) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(kSuffix)) continue;
    std::string path = str(folder_, "/", name);
    struct stat info;
    if (stat(path.c_str(), &info) != 0) continue;
    files.push_back({std::move(path), static_cast<size_t>(info.st_size), info.st_mtime});
    total += static_cast<size_t>(info.st_size);
  }
  closedir(folder);
  if (total <= limit_) return;
  std::ranges::sort(files, {}, &File::used);
  for (const File& file : files) {
    // Down to three quarters, so that the next kernels need not look again.
    if (total <= limit_ / 4 * 3) break;
    if (unlink(file.path.c_str()) == 0) total -= file.size;
  }
}

ObjectCache& object_cache() {
  static ObjectCache* cache = [] {
    std::string folder;
    if (const char* given = std::getenv("PROA_CACHE_DIR")) {
      folder = given;
    } else if (const char* base = std::getenv("XDG_CACHE_HOME"); base != nullptr && *base != 0) {
      folder = str(base, "/proa");
    } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != 0) {
      folder = str(home, "/.cache/proa");
    }
    size_t megabytes = 512;
    if (const char* limit = std::getenv("PROA_CACHE_LIMIT_MB")) {
      megabytes = std::strtoull(limit, nullptr, 10);
    }
    return new ObjectCache(std::move(folder), megabytes << 20);
  }();
  return *cache;
}

}  // namespace proa::tier
