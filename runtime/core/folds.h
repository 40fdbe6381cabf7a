// Parameters that kernels compute when an adapter is bound.
#ifndef PTX_RUNTIME_CORE_FOLDS_H
#define PTX_RUNTIME_CORE_FOLDS_H

#include "runtime/core/deploy.h"
#include "runtime/device/open_device.h"

namespace ptx {

/// Fills the parameters of a binding that are computed and not there yet: by the
/// deploy launches into memory of their own, which goes to `spare` when the
/// binding goes, or, where a problem's guard says that the adapter has nothing
/// for it, its base's own. Values that are not finite are the binding's flaw.
Status computeFolds(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
                    const std::shared_ptr<SpareMemory> &spare, Binding &binding);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FOLDS_H
