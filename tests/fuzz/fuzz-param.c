/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The value of a Content-* field: bounded, and every slice inside. */
#include "engine/param.h"

#include <stdint.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_auto(PliBuf) scratch = {0};
	PliSlice input = {data, size}, name, value, type, subtype;
	PliParamReader reader;
	guint n = 0;

	pli_buf_init(&scratch, size);
	pli_param_reader_init(&reader, input, &scratch, 50);
	if (!pli_param_reader_take_type(&reader, &type, &subtype))
		(void)pli_param_reader_take_token(&reader);
	while (pli_param_reader_next(&reader, &name, &value) ==
	       PLI_STEP_READY) {
		g_assert_cmpuint(++n, <=, 50);
		g_assert_true(name.len > 0 && name.data >= data &&
		              name.data + name.len <= data + size);
		g_assert_cmpuint(value.len, <=, size);
		g_assert_null(memchr(name.data, '=', name.len));
	}
	g_assert_true(reader.rest.len == 0 || n == 50 ||
	              pli_defect_set_has(&reader.defects,
	                                 PLI_DEFECT_LIMIT_PARAMETERS));
	return 0;
}
