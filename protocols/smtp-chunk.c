/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-chunk.h"

#include "protocols/smtp-line.h"
#include "protocols/smtp-param.h"

PliSmtpChunkResult
pli_smtp_chunk_parse(PliSmtpChunk *chunk, PliSlice args, guint64 most)
{
	const guint8 *space =
		args.len > 0 ? memchr(args.data, ' ', args.len) : NULL;
	PliSlice size = args;
	PliSlice last = PLI_SLICE_NONE;

	if (space != NULL) {
		size.len = space - args.data;
		last = pli_slice_trim(pli_slice_skip(args, size.len));
	}
	if (!pli_smtp_param_parse_size(size, &chunk->left))
		return PLI_SMTP_CHUNK_NO_SIZE;
	chunk->is_last = pli_slice_is(last, "LAST");
	if (chunk->left > most)
		return PLI_SMTP_CHUNK_ABSURD;
	return last.len > 0 && !chunk->is_last ? PLI_SMTP_CHUNK_NO_LAST
					       : PLI_SMTP_CHUNK_OK;
}

gboolean
pli_smtp_chunk_take(PliSmtpChunk *chunk, PliSlice in, PliSlice *ret_octets)
{
	gboolean good;

	in.len = MIN(in.len, chunk->left);
	*ret_octets = in;
	if (in.len == 0)
		return TRUE;
	chunk->left -= in.len;
	if (chunk->is_binary)
		return TRUE;
	good = pli_smtp_line_is_whole(in, chunk->has_cr);
	chunk->has_cr = in.data[in.len - 1] == '\r';
	return good;
}

gboolean
pli_smtp_chunk_finish(const PliSmtpChunk *chunk)
{
	return chunk->is_binary || !chunk->has_cr;
}
