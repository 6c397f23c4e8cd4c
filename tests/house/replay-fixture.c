/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A target that fails on one input, to see replay.c notice. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 5 && memcmp(data, "crash", 5) == 0)
		abort();
	return 0;
}
