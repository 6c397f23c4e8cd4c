/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first octet picks the target; the rest is a message. What is converted
 * is fit, and reads and decodes as before. */
#include "tests/lib/convert-run.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		pli_convert_run_check(pli_slice_new(data + 1, size - 1),
				      data[0] % 3);
	return 0;
}
