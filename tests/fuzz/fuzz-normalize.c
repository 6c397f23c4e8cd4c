/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message normalised reads as before, and comes out the same again. The
 * first octet says whether what is signed is, too. */
#include "tests/lib/normalize-run.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		pli_normalize_run_check(pli_slice_new(data + 1, size - 1),
					data[0] % 2);
	return 0;
}
