/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-source.h"

#include "store/files-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (64 * 1024)
/* Octets read for a look at somewhere else. */
#define PEEK 4096

typedef struct {
	PliSource base;
	int fd;
	guint64 start;
	guint64 length;
	guint8 *block;
	guint64 block_offset; /* what the block holds, from the start */
	gsize block_length;
} FileSource;

static PliStep
fill(FileSource *self, guint64 offset, gsize max, GError **error)
{
	gboolean follows = offset == self->block_offset + self->block_length;
	gsize want = follows ? BLOCK : CLAMP(max, PEEK, BLOCK);
	ssize_t n;

	want = MIN((guint64)want, self->length - offset);
	if (self->block == NULL)
		self->block = g_malloc(BLOCK);
	self->block_length = 0;
	do
		n = pread(self->fd, self->block, want,
			  (off_t)(self->start + offset));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		pli_files_set_error(error, "read", NULL);
		return PLI_STEP_FAIL;
	}
	self->block_offset = offset;
	self->block_length = (gsize)n;
	return PLI_STEP_READY;
}

static PliStep
read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	GError **error)
{
	FileSource *self = (FileSource *)source;
	gsize at;

	if (offset >= self->length || max == 0) {
		*ret_octets = PLI_SLICE_NONE;
		return PLI_STEP_READY;
	}
	if ((offset < self->block_offset ||
	     offset - self->block_offset >= self->block_length) &&
	    fill(self, offset, max, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	at = (gsize)(offset - self->block_offset);
	*ret_octets = pli_slice_new(self->block + at,
				    MIN(max, self->block_length - at));
	return PLI_STEP_READY;
}

static guint64
get_length(const PliSource *source)
{
	return ((const FileSource *)source)->length;
}

static int
get_fd(const PliSource *source, guint64 *ret_start)
{
	const FileSource *self = (const FileSource *)source;

	*ret_start = self->start;
	return self->fd;
}

static void
free_source(PliSource *source)
{
	FileSource *self = (FileSource *)source;

	close(self->fd);
	g_free(self->block);
	g_free(self);
}

static const PliSourceClass file_class = {
	.read_at = read_at,
	.get_length = get_length,
	.get_fd = get_fd,
	.free = free_source,
};

PliSource *
pli_file_source_new(int fd, guint64 start, guint64 length, GError **error)
{
	FileSource *self;
	struct stat st;
	guint64 size;

	if (fstat(fd, &st) < 0) {
		pli_files_set_error(error, "stat", NULL);
		close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "Not a regular file");
		close(fd);
		return NULL;
	}
	size = (guint64)st.st_size;
	self = g_new0(FileSource, 1);
	pli_source_init(&self->base, &file_class);
	self->fd = fd;
	self->start = MIN(start, size);
	self->length = MIN(length, size - self->start);
	return &self->base;
}

PliSource *
pli_file_source_open(const char *path, GError **error)
{
	/* NONBLOCK: a FIFO must be refused, not waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		pli_files_set_error(error, "open", path);
		return NULL;
	}
	return pli_file_source_new(fd, 0, G_MAXUINT64, error);
}
