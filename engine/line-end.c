/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/line-end.h"

gsize
pli_line_end_feed_crlf(PliLineEnd *state, PliSlice in, guint8 *out)
{
	guint8 *start = out;

	while (in.len > 0) {
		const guint8 *lf = memchr(in.data, '\n', in.len);
		gsize n = lf != NULL ? (gsize)(lf - in.data) : in.len;

		if (n > 0) {
			memcpy(out, in.data, n);
			out += n;
			state->after_cr = in.data[n - 1] == '\r';
		}
		if (lf == NULL)
			break;
		if (!state->after_cr)
			*out++ = '\r';
		*out++ = '\n';
		state->after_cr = FALSE;
		in = pli_slice_skip(in, n + 1);
	}
	return out - start;
}

gsize
pli_line_end_feed_lf(PliLineEnd *state, PliSlice in, guint8 *out)
{
	guint8 *start = out;

	while (in.len > 0) {
		const guint8 *cr = memchr(in.data, '\r', in.len);
		gsize n = cr != NULL ? (gsize)(cr - in.data) : in.len;

		if (state->after_cr && in.data[0] != '\n')
			*out++ = '\r';
		memcpy(out, in.data, n);
		out += n;
		state->after_cr = cr != NULL;
		in = pli_slice_skip(in, cr != NULL ? n + 1 : n);
	}
	return out - start;
}

gsize
pli_line_end_finish_lf(PliLineEnd *state, guint8 *out)
{
	if (!state->after_cr)
		return 0;
	state->after_cr = FALSE;
	out[0] = '\r';
	return 1;
}
