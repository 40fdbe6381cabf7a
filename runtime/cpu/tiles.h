// How the problems of a launch are cut into the tiles that workers take.
#ifndef PTX_RUNTIME_CPU_TILES_H
#define PTX_RUNTIME_CPU_TILES_H

#include "runtime/device/device.h"

#include <functional>
#include <span>
#include <vector>

namespace ptx {

/// What a kernel says about its tiles.
struct TileRule {
  int64_t rowGrain = 1, columnGrain = 1; // the smallest sensible piece
  int64_t columnLanes = 1;               // columns that the kernel counts as one
  bool preparesRows = false;             // a piece begins with work on its rows: wide ones pay for it once
  int64_t rowMultiple = 1;               // pieces begin at multiples of so many rows
};

/// Rows or blocks [r0, r1) x columns [c0, c1), counted as the kernel does.
struct Tile {
  uint32_t problem;
  int64_t r0, r1, c0, c1;
};

/// The work of problems in operations; bytes moved count as some.
double workOf(std::span<const ptx_problem> problems);

/// Fills `tiles`; returns whether the launch is too small for a fork-join. No problem is empty.
bool cutTiles(std::span<const ptx_problem> problems, const std::function<const TileRule &(const ptx_problem &)> &ruleOf,
              uint32_t workers, std::vector<Tile> &tiles);

} // namespace ptx

#endif // PTX_RUNTIME_CPU_TILES_H
