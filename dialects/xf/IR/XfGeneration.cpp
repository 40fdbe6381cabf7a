#include "dialects/xf/IR/XfGeneration.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace ptx::xf {

namespace {

using Words = std::vector<std::vector<int64_t>>;

bool isId(int64_t id) { return id >= 0 && id <= GenerationIds::most; }

//===- Attributes as ids, where they are such -------------------------------//

bool read(Attribute attribute, std::optional<int64_t> &id) {
  auto integer = dyn_cast<IntegerAttr>(attribute);
  if (!integer || !integer.getType().isInteger(64) || !isId(integer.getInt()))
    return false;
  id = integer.getInt();
  return true;
}

bool read(Attribute attribute, std::vector<int64_t> &ids) {
  auto array = dyn_cast<DenseI64ArrayAttr>(attribute);
  if (!array || array.empty() || static_cast<size_t>(array.size()) > GenerationIds::mostIds)
    return false;
  ids.assign(array.asArrayRef().begin(), array.asArrayRef().end());
  return llvm::all_of(ids, isId);
}

bool read(Attribute attribute, Words &words) {
  auto array = dyn_cast<ArrayAttr>(attribute);
  if (!array || array.empty() || array.size() > GenerationIds::mostBadWords)
    return false;
  words.resize(array.size());
  return llvm::all_of_zip(array, words, [](Attribute word, std::vector<int64_t> &ids) { return read(word, ids); });
}

//===- Ids as attributes, where there are any -------------------------------//

Attribute write(Builder &b, const std::optional<int64_t> &id) { return id ? b.getI64IntegerAttr(*id) : Attribute(); }

Attribute write(Builder &b, const std::vector<int64_t> &ids) {
  return ids.empty() ? Attribute() : b.getDenseI64ArrayAttr(ids);
}

Attribute write(Builder &b, const Words &words) {
  SmallVector<Attribute> list;
  for (const std::vector<int64_t> &word : words)
    list.push_back(write(b, word));
  return list.empty() ? Attribute() : b.getArrayAttr(list);
}

/// Calls `use(name, member)` for each member until one answers false.
template <typename Ids, typename Use> bool eachMember(Ids &ids, Use &&use) {
  return use("start", ids.start) && use("pad", ids.pad) && use("eos", ids.eos) &&
         use("forced_first", ids.forcedFirst) && use("forced_last", ids.forcedLast) && use("bad_words", ids.badWords);
}

} // namespace

LogicalResult verifyGeneration(Operation *op, Attribute attribute) {
  auto dictionary = dyn_cast<DictionaryAttr>(attribute);
  if (!dictionary)
    return op->emitOpError("expects '") << generationAttribute << "' to be a dictionary, found " << attribute;
  size_t known = 0;
  GenerationIds ids;
  bool valid = eachMember(ids, [&](StringRef name, auto &member) {
    Attribute value = dictionary.get(name);
    known += value ? 1 : 0;
    if (!value || read(value, member))
      return true;
    op->emitOpError("'") << generationAttribute << "': '" << name << "' holds no ids, found " << value;
    return false;
  });
  if (valid && known != dictionary.size())
    return op->emitOpError("'") << generationAttribute
                                << "' has an unknown member; known are start, pad, eos, forced_first, forced_last, "
                                   "bad_words";
  return success(valid);
}

std::optional<GenerationIds> generationOf(ModuleOp module) {
  auto dictionary = module->getAttrOfType<DictionaryAttr>(generationAttribute);
  if (!dictionary)
    return std::nullopt;
  GenerationIds ids;
  eachMember(ids, [&](StringRef name, auto &member) {
    Attribute value = dictionary.get(name);
    return !value || read(value, member);
  });
  return ids;
}

void setGeneration(ModuleOp module, const GenerationIds &ids) {
  Builder b(module.getContext());
  NamedAttrList members;
  eachMember(ids, [&](StringRef name, const auto &member) {
    if (Attribute value = write(b, member))
      members.append(name, value);
    return true;
  });
  module->setAttr(generationAttribute, members.getDictionary(module.getContext()));
}

} // namespace ptx::xf
