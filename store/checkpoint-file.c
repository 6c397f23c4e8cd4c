/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/checkpoint-priv.h"

#include "engine/crc.h"
#include "store/files-priv.h"

#include <errno.h>
#include <unistd.h>

static const char magic[8] = "PliCkpt1";

#define HEAD_FIXED (sizeof magic + 8)		  /* and length, sum */
#define HEAD_MAX (16 * 1024 * 1024)
#define BODY_FIXED (8 + PLI_CHECKPOINT_IDENTITY + 4) /* length, ..., count */
#define BLOCK_HEAD 8				  /* length, sum */

/* Numbers are little-endian. */
static void
store32(guint8 *out, guint32 number)
{
	number = GUINT32_TO_LE(number);
	memcpy(out, &number, sizeof number);
}

static guint32
load32(const guint8 *in)
{
	guint32 number;

	memcpy(&number, in, sizeof number);
	return GUINT32_FROM_LE(number);
}

static void
append32(GByteArray *out, guint32 number)
{
	guint8 octets[4];

	store32(octets, number);
	g_byte_array_append(out, octets, sizeof octets);
}

static void
append64(GByteArray *out, guint64 number)
{
	append32(out, (guint32)number);
	append32(out, (guint32)(number >> 32));
}

GByteArray *
pli_checkpoint_file_format_head(const guint8 *identity,
				const char *const *recipients, guint64 length,
				guint32 *ret_sum)
{
	GByteArray *out = g_byte_array_new();
	guint n = g_strv_length((char **)recipients);

	g_byte_array_append(out, (const guint8 *)magic, sizeof magic);
	append64(out, 0);
	append64(out, length);
	g_byte_array_append(out, identity, PLI_CHECKPOINT_IDENTITY);
	append32(out, n);
	for (guint i = 0; i < n; i++) {
		gsize len = strlen(recipients[i]);

		append32(out, (guint32)len);
		g_byte_array_append(out, (const guint8 *)recipients[i],
				    (guint)len);
	}
	*ret_sum = pli_crc_add32(0, pli_slice_new(out->data + HEAD_FIXED,
						  out->len - HEAD_FIXED));
	store32(out->data + sizeof magic,
		    (guint32)(out->len - HEAD_FIXED));
	store32(out->data + sizeof magic + 4, *ret_sum);
	return out;
}

/* As many octets as there are, up to `len`. */
static gsize
read_at(int fd, guint64 offset, guint8 *out, gsize len)
{
	gsize had = 0;

	while (had < len) {
		ssize_t n = pread(fd, out + had, len - had,
				  (off_t)(offset + had));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		had += (gsize)n;
	}
	return had;
}

static char **
read_recipients(PliSlice rest)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
	guint32 n = load32(rest.data);

	rest = pli_slice_skip(rest, 4);
	for (; n > 0; n--) {
		gsize len;

		if (rest.len < 4)
			return NULL;
		len = load32(rest.data);
		rest = pli_slice_skip(rest, 4);
		if (len > rest.len || (len > 0 && memchr(rest.data, '\0', len)))
			return NULL;
		g_ptr_array_add(out,
				pli_slice_dup(pli_slice_new(rest.data, len)));
		rest = pli_slice_skip(rest, len);
	}
	if (rest.len > 0 || out->len == 0)
		return NULL;
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&out), FALSE);
}

gboolean
pli_checkpoint_file_read_head(int fd, const guint8 *identity,
			      char ***ret_recipients, guint64 *ret_length,
			      guint64 *ret_end, guint32 *ret_sum)
{
	guint8 fixed[HEAD_FIXED];
	g_autofree guint8 *body = NULL;
	PliSlice octets;
	char **recipients;
	guint32 len, sum;

	if (read_at(fd, 0, fixed, sizeof fixed) != sizeof fixed ||
	    memcmp(fixed, magic, sizeof magic) != 0)
		return FALSE;
	len = load32(fixed + sizeof magic);
	sum = load32(fixed + sizeof magic + 4);
	if (len < BODY_FIXED || len > HEAD_MAX)
		return FALSE;
	body = g_malloc(len);
	octets = pli_slice_new(body, len);
	if (read_at(fd, sizeof fixed, body, len) != len ||
	    pli_crc_add32(0, octets) != sum ||
	    memcmp(body + 8, identity, PLI_CHECKPOINT_IDENTITY) != 0)
		return FALSE;
	recipients = read_recipients(
		pli_slice_skip(octets, 8 + PLI_CHECKPOINT_IDENTITY));
	if (recipients == NULL)
		return FALSE;
	*ret_recipients = recipients;
	*ret_length = load32(body) | (guint64)load32(body + 4) << 32;
	*ret_end = sizeof fixed + len;
	*ret_sum = sum;
	return TRUE;
}

/* The sum of a block covers all blocks before it, so that none can stand for
 * another. */
static guint32
add_block(guint32 sum, const guint8 *len, PliSlice octets)
{
	return pli_crc_add32(pli_crc_add32(sum, pli_slice_new(len, 4)),
			     octets);
}

PliCheckpointBlock
pli_checkpoint_file_read_block(int fd, guint64 at, GByteArray *block,
			       guint32 *sum)
{
	guint8 head[BLOCK_HEAD];
	guint32 len, wanted;

	if (read_at(fd, at, head, sizeof head) != sizeof head)
		return PLI_CHECKPOINT_BLOCK_END;
	len = load32(head);
	if (len == 0 || len > PLI_CHECKPOINT_BLOCK)
		return PLI_CHECKPOINT_BLOCK_BAD;
	g_byte_array_set_size(block, len);
	if (read_at(fd, at + sizeof head, block->data, len) != len)
		return PLI_CHECKPOINT_BLOCK_END;
	wanted = add_block(*sum, head, pli_slice_new(block->data, len));
	if (wanted != load32(head + 4))
		return PLI_CHECKPOINT_BLOCK_BAD;
	*sum = wanted;
	return PLI_CHECKPOINT_BLOCK_OK;
}

guint64
pli_checkpoint_file_get_size(gsize len)
{
	return BLOCK_HEAD + (guint64)len;
}

gboolean
pli_checkpoint_file_write_block(int fd, PliSlice octets, guint32 *sum)
{
	guint8 head[BLOCK_HEAD];
	guint32 after;

	g_assert(octets.len > 0 && octets.len <= PLI_CHECKPOINT_BLOCK);
	store32(head, (guint32)octets.len);
	after = add_block(*sum, head, octets);
	store32(head + 4, after);
	if (!pli_files_write(fd, pli_slice_new(head, sizeof head)) ||
	    !pli_files_write(fd, octets))
		return FALSE;
	*sum = after;
	return TRUE;
}
