/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first four octets are the seed of random changes of the rest: what was
 * not changed stays, and the structure derived is that of a scan. */
#include "tests/lib/edit-run.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PliEditRunTotals totals = {0};
	guint32 seed;

	if (size < sizeof seed)
		return 0;
	memcpy(&seed, data, sizeof seed);
	pli_edit_run_random(
		pli_slice_new(data + sizeof seed, size - sizeof seed),
		data[0] % 2 ? PLI_LINE_AS_IS : PLI_LINE_LF_FILE, seed, &totals);
	return 0;
}
