// Parameters that kernels compute when an adapter is bound.
#ifndef PTX_RUNTIME_CORE_FOLDS_H
#define PTX_RUNTIME_CORE_FOLDS_H

#include "runtime/core/deploy.h"
#include "runtime/device/open_device.h"

namespace ptx {

/// Fills the parameters of a binding that are folds: the base's own where the
/// adapter has nothing for them, else computed by the deploy launches into
/// memory of their own, which goes to `spare` when the binding goes. All others
/// are there. Values that are not finite are the binding's flaw.
Status computeFolds(const Manifest &manifest, const Geometry &geometry, const std::shared_ptr<Device> &device,
                    const std::shared_ptr<SpareMemory> &spare, Binding &binding);

} // namespace ptx

#endif // PTX_RUNTIME_CORE_FOLDS_H
