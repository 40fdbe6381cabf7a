#include "runtime/io/file_kind.h"

#include <algorithm>
#include <cctype>

namespace ptx {

namespace {

struct Kind {
  std::string_view magic, name;
};

// In this order: the first that fits.
constexpr Kind kinds[] = {
    {"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the file itself: run `git lfs pull` there"},
    {"<!doctype html", "a web page: download the file itself"},
    {"<html", "a web page: download the file itself"},
    {"<?xml", "XML: download the file itself"},
    {"\x93NUMPY", "a NumPy file (.npy): save it with safetensors.numpy.save_file"},
    {"PK", "a zip file (a PyTorch checkpoint?): convert it with safetensors.torch.save_file"},
    {"\x80\x02", "a Python pickle: convert it with safetensors.torch.save_file"},
    {"\x80\x03", "a Python pickle: convert it with safetensors.torch.save_file"},
    {"\x80\x04", "a Python pickle: convert it with safetensors.torch.save_file"},
    {"\x80\x05", "a Python pickle: convert it with safetensors.torch.save_file"},
    {"\x1f\x8b", "gzip: unpack it"},
    {"GGUF", "a GGUF file: ptx reads safetensors"},
    {"\x89HDF", "an HDF5 file: ptx reads safetensors"},
    {"PTXM", "a ptx artifact: run it with ptx-run"},
    {"module", "MLIR text"},
};

bool beginsWith(std::string_view text, std::string_view magic) {
  auto lower = [](unsigned char c) { return std::tolower(c); };
  return text.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), text.begin(), [&](char a, char b) { return lower(a) == lower(b); });
}

bool isText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' || c == '\n' || c == '\t'; });
}

std::string beginningOf(const File &file) {
  std::string bytes(std::min<uint64_t>(file.size(), 64), '\0');
  return file.readAt(0, bytes.data(), bytes.size()) ? bytes : "";
}

} // namespace

std::string looksLike(std::string_view beginning) {
  if (beginning.empty())
    return "; it is empty";
  size_t first = beginning.find_first_not_of(" \t\r\n");
  std::string_view text = first == beginning.npos ? "" : beginning.substr(first);
  for (const Kind &kind : kinds)
    if (beginsWith(text, kind.magic))
      return "; it is " + std::string(kind.name);
  // Eight bytes of length, then a header.
  if (beginning.size() > 8 && beginning[8] == '{' && beginning.substr(5, 3) == std::string_view("\0\0\0", 3))
    return "; it is a safetensors file";
  if (!text.empty() && (text[0] == '{' || text[0] == '[') && isText(beginning))
    return "; it is JSON";
  return isText(beginning) ? "; it is text" : "";
}

std::string looksLike(const File &file) { return looksLike(beginningOf(file)); }

std::string looksUnlikeJson(const File &file) {
  std::string beginning = beginningOf(file);
  size_t first = beginning.find_first_not_of(" \t\r\n");
  bool json = first != beginning.npos && (beginning[first] == '{' || beginning[first] == '[');
  return json ? "" : looksLike(beginning);
}

} // namespace ptx
