/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/mbox-source.h"

#include "store/mbox-line-priv.h"

#define BLOCK (64 * 1024)

/* A place where unquoting can start again. */
typedef struct {
	guint64 raw; /* from the start of the message in the file */
	guint64 out; /* octets given before it */
	gboolean bol;
} Mark;

typedef struct {
	PliSource base;
	PliSource *file;
	PliMboxMessage message;
	GArray *marks; /* of Mark, one about each BLOCK octets */
	Mark next;     /* what follows the block */
	guint64 block_out;
	gsize block_length;
	guint8 *raw;
	guint64 raw_offset; /* what `raw` holds so far, for what WANT cut off */
	gsize n_raw;
	guint8 *block;
} MboxSource;

static gboolean
is_plain(const MboxSource *self)
{
	return self->message.length == self->message.unquoted_length;
}

/* Unquotes what is in `raw`; gives the octets used. */
static gsize
unquote(MboxSource *self, gsize n, gboolean last)
{
	gboolean bol = self->next.bol;
	gsize p = 0;

	while (p < n) {
		const guint8 *end;
		gsize to;

		if (bol && !last && n - p < PLI_MBOX_LINE_MAX)
			break;
		if (bol &&
		    pli_mbox_line_is_quoted(pli_slice_new(self->raw + p, n - p),
					    self->message.format))
			p++;
		end = memchr(self->raw + p, '\n', n - p);
		to = end != NULL ? (gsize)(end - self->raw) + 1 : n;
		memcpy(self->block + self->block_length, self->raw + p, to - p);
		self->block_length += to - p;
		bol = end != NULL;
		p = to;
	}
	self->next.bol = bol;
	return p;
}

/* Makes the block that starts at `next`. */
static PliStep
produce(MboxSource *self, GError **error)
{
	guint64 left = self->message.length - self->next.raw;
	const Mark *mark =
		&g_array_index(self->marks, Mark, self->marks->len - 1);
	gsize n;

	if (self->next.raw >= mark->raw + BLOCK)
		g_array_append_val(self->marks, self->next);
	if (self->raw_offset != self->next.raw)
		self->n_raw = 0;
	self->raw_offset = self->next.raw;
	while (self->n_raw < MIN(left, BLOCK)) {
		PliSlice octets;
		PliStep step = pli_source_read_at(
			self->file,
			self->message.offset + self->next.raw + self->n_raw,
			MIN(left, BLOCK) - self->n_raw, &octets, error);

		if (step != PLI_STEP_READY)
			return step;
		if (octets.len == 0)
			break; /* the file shrank: an early end */
		memcpy(self->raw + self->n_raw, octets.data, octets.len);
		self->n_raw += octets.len;
	}
	n = self->n_raw;
	self->n_raw = 0;
	self->block_out = self->next.out;
	self->block_length = 0;
	self->next.raw += unquote(self, n, n == left || n < BLOCK);
	self->next.out += self->block_length;
	return PLI_STEP_READY;
}

/* Goes back, or far ahead, to the last known place before `offset`. */
static void
jump(MboxSource *self, guint64 offset)
{
	guint low = 0, high = self->marks->len;

	while (high - low > 1) {
		guint mid = low + (high - low) / 2;

		if (g_array_index(self->marks, Mark, mid).out <= offset)
			low = mid;
		else
			high = mid;
	}
	if (offset < self->next.out ||
	    g_array_index(self->marks, Mark, low).out > self->next.out)
		self->next = g_array_index(self->marks, Mark, low);
}

static PliStep
read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	GError **error)
{
	MboxSource *self = (MboxSource *)source;
	guint64 length = self->message.unquoted_length;
	gsize at;

	*ret_octets = PLI_SLICE_NONE;
	if (offset >= length || max == 0)
		return PLI_STEP_READY;
	max = MIN(max, length - offset);
	if (is_plain(self))
		return pli_source_read_at(self->file,
					  self->message.offset + offset, max,
					  ret_octets, error);
	if (self->raw == NULL) {
		self->raw = g_malloc(BLOCK);
		self->block = g_malloc(BLOCK);
	}
	if (offset < self->block_out || offset >= self->next.out)
		jump(self, offset);
	while (offset < self->block_out ||
	       offset - self->block_out >= self->block_length) {
		guint64 before = self->next.raw;
		PliStep step = produce(self, error);

		if (step != PLI_STEP_READY)
			return step;
		if (self->next.raw == before)
			return PLI_STEP_READY;
	}
	at = (gsize)(offset - self->block_out);
	*ret_octets = pli_slice_new(self->block + at,
				    MIN(max, self->block_length - at));
	return PLI_STEP_READY;
}

static guint64
get_length(const PliSource *source)
{
	return ((const MboxSource *)source)->message.unquoted_length;
}

static int
get_fd(const PliSource *source, guint64 *ret_start)
{
	const MboxSource *self = (const MboxSource *)source;
	guint64 start;
	int fd = is_plain(self) ? pli_source_get_fd(self->file, &start) : -1;

	if (fd >= 0)
		*ret_start = start + self->message.offset;
	return fd;
}

static void
free_source(PliSource *source)
{
	MboxSource *self = (MboxSource *)source;

	pli_source_unref(self->file);
	g_array_unref(self->marks);
	g_free(self->raw);
	g_free(self->block);
	g_free(self);
}

static const PliSourceClass mbox_class = {
	.read_at = read_at,
	.get_length = get_length,
	.get_fd = get_fd,
	.free = free_source,
};

PliSource *
pli_mbox_source_new(PliSource *file, const PliMboxMessage *message)
{
	MboxSource *self = g_new0(MboxSource, 1);

	pli_source_init(&self->base, &mbox_class);
	self->file = pli_source_ref(file);
	self->message = *message;
	self->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
	self->next.bol = TRUE;
	g_array_append_val(self->marks, self->next);
	return &self->base;
}
