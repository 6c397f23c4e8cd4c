/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/limits.h"

const PliLimits pli_limits_default = {
	.depth = 100,
	.parts = 10000,
	.fields = 20000,
	.field_octets = 256 * 1024,
	.header_octets = 4 * 1024 * 1024,
	.boundary_octets = 256,
	.boundary_blanks = 256,
	.parameters = 200,
	.addresses = 10000,
	.string_octets = 4 * 1024 * 1024,
	.defects = 1000,
	.readings = 1000,
	.reading_factor = 64,
	.encodings = 4,
};
