// Registers _core.Tracer and _core.LiveSpan.
#pragma once

#include <nanobind/nanobind.h>

void bind_tracer(nanobind::module_& m);
