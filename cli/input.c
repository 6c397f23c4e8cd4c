/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/pipe-source.h"
#include "cli/terminal.h"
#include "engine/line-end.h"
#include "engine/parser.h"
#include "store/file-source.h"
#include "store/mbox-source.h"
#include "store/mbox.h"

#define BLOCK (64 * 1024)
#define SERVED_BLOCK (16 * 1024)
#define MBOX_HEAD 1024

struct PliInput {
	char *const *next_path;
	gboolean with_digest;
	int status;
	PliParser *parser;
	guint8 *served; /* octets with their line ends as served */

	/* the mbox that is being read, if any */
	char *file;
	PliSource *source;
	PliMboxReader *mbox;
	guint32 number;

	/* the files of a Maildir that are still to be read, the next last */
	GPtrArray *files;
};

/* The message that is being scanned. */
typedef struct {
	PliInput *input;
	PliDigest *digest; /* NULL: none is wanted */
	PliLineEnd line_end;
	guint64 length;
} Scan;

PliInput *
pli_input_new(char *const *paths, gboolean with_digest)
{
	PliInput *input = g_new0(PliInput, 1);

	input->next_path = paths;
	input->with_digest = with_digest;
	input->parser = pli_parser_new(PLI_LINE_LF_FILE, NULL);
	input->served = g_malloc(PLI_LINE_END_BOUND(SERVED_BLOCK));
	input->files = g_ptr_array_new_with_free_func(g_free);
	return input;
}

static void
close_mbox(PliInput *input)
{
	g_clear_pointer(&input->file, g_free);
	g_clear_pointer(&input->mbox, pli_mbox_reader_free);
	g_clear_pointer(&input->source, pli_source_unref);
}

void
pli_input_free(PliInput *input)
{
	if (input == NULL)
		return;
	close_mbox(input);
	g_ptr_array_unref(input->files);
	pli_parser_free(input->parser);
	g_free(input->served);
	g_free(input);
}

int
pli_input_get_status(const PliInput *input)
{
	return input->status;
}

static void
add_error(PliInput *input, const char *name, const char *text, int status)
{
	/* what was found so far comes before what was not */
	fflush(stdout);
	pli_terminal_add_error(name, text);
	input->status = MAX(input->status, status);
}

void
pli_input_add_error(PliInput *input, const PliMessage *message,
		    const GError *error)
{
	g_autofree char *name = pli_message_dup_name(message);

	add_error(input, name, error->message, EX_IOERR);
}

static void
add_errno(PliInput *input, const char *name, int number)
{
	gboolean io = number == EIO || number == EMFILE || number == ENFILE ||
		      number == ENOMEM;

	add_error(input, name, g_strerror(number), io ? EX_IOERR : EX_NOINPUT);
}

/* --- scanning --- */

static void
scan_begin(Scan *scan, PliInput *input)
{
	*scan = (Scan){.input = input};
	if (input->with_digest)
		scan->digest = pli_digest_new();
	pli_parser_reset(input->parser);
}

static void
scan_feed(Scan *scan, PliSlice octets)
{
	PliInput *input = scan->input;

	pli_parser_scan(input->parser, octets);
	scan->length += octets.len;
	while (scan->digest != NULL && octets.len > 0) {
		PliSlice block = {octets.data, MIN(octets.len, SERVED_BLOCK)};
		gsize n = pli_line_end_feed_crlf(&scan->line_end, block,
						 input->served);

		pli_digest_feed(scan->digest, pli_slice_new(input->served, n));
		octets = pli_slice_skip(octets, block.len);
	}
}

static void
scan_clear(Scan *scan)
{
	g_clear_pointer(&scan->digest, pli_digest_free);
}

/* Takes over `source`. */
static PliMessage *
scan_finish(Scan *scan, PliFinish how, const char *file, PliSource *source)
{
	PliParser *parser = scan->input->parser;
	PliMessage *message = g_new0(PliMessage, 1);
	PliParserEvent event;

	pli_parser_finish(parser, how);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		if (event.type == PLI_PARSER_EVENT_END)
			break;
	message->file = g_strdup(file);
	message->source = source;
	message->structure = pli_parser_steal_structure(parser);
	if (scan->digest != NULL)
		pli_digest_finish(scan->digest, message->sha256);
	scan_clear(scan);
	return message;
}

/* The whole of `source`, which is taken over. NULL: told and noted. */
static PliMessage *
scan_source(PliInput *input, const char *file, PliSource *source)
{
	g_autoptr(GError) error = NULL;
	guint64 length = pli_source_get_length(source);
	Scan scan;
	PliSlice octets;
	PliStep step;

	scan_begin(&scan, input);
	while ((step = pli_source_read_at(source, scan.length, BLOCK, &octets,
					  &error)) == PLI_STEP_READY &&
	       octets.len > 0)
		scan_feed(&scan, octets);
	if (step == PLI_STEP_READY)
		return scan_finish(&scan,
				   length != G_MAXUINT64 && scan.length < length
					   ? PLI_FINISH_ABORTED
					   : PLI_FINISH_COMPLETE,
				   file, source);
	scan_clear(&scan);
	pli_source_unref(source);
	add_error(input, file,
		  error != NULL ? error->message : "nothing to read yet",
		  EX_IOERR);
	return NULL;
}

/* --- mbox --- */

static PliMessage *
finish_mbox_message(PliInput *input, Scan *scan, const PliMboxMessage *found)
{
	PliMessage *message =
		scan_finish(scan, PLI_FINISH_COMPLETE, input->file,
			    pli_mbox_source_new(input->source, found));

	message->number = ++input->number;
	message->offset = found->from_offset;
	return message;
}

/* The end of an mbox. It started like one; where no message was found after
 * all (line ends of CR alone) it is read as one message. */
static PliMessage *
finish_mbox(PliInput *input)
{
	g_autofree char *file = g_steal_pointer(&input->file);
	PliSource *source = g_steal_pointer(&input->source);
	gboolean found = input->number > 0;

	close_mbox(input);
	if (!found)
		return scan_source(input, file, source);
	pli_source_unref(source);
	return NULL;
}

/* NULL when the mbox is at its end, and closed. */
static PliMessage *
next_in_mbox(PliInput *input)
{
	g_autoptr(GError) error = NULL;
	Scan scan = {.input = input};
	PliMboxEvent event;
	PliStep step;

	while ((step = pli_mbox_reader_next(input->mbox, &event, &error)) ==
	       PLI_STEP_READY) {
		switch (event.type) {
		case PLI_MBOX_EVENT_BEGIN: scan_begin(&scan, input); break;
		case PLI_MBOX_EVENT_OCTETS:
			scan_feed(&scan, event.octets);
			break;
		case PLI_MBOX_EVENT_END:
			return finish_mbox_message(input, &scan,
						   &event.message);
		case PLI_MBOX_EVENT_EOF: return finish_mbox(input);
		}
	}
	scan_clear(&scan);
	add_error(input, input->file,
		  error != NULL ? error->message : "nothing to read yet",
		  EX_IOERR);
	close_mbox(input);
	return NULL;
}

/* A file or what came out of a pipe; `source` is taken over. */
static PliMessage *
open_source(PliInput *input, const char *file, PliSource *source)
{
	g_autoptr(GError) error = NULL;
	PliSlice head;

	if (pli_source_read_at(source, 0, MBOX_HEAD, &head, &error) !=
	    PLI_STEP_READY) {
		add_error(input, file,
			  error != NULL ? error->message : "cannot be read",
			  EX_IOERR);
		pli_source_unref(source);
		return NULL;
	}
	if (!pli_mbox_is_mbox(head))
		return scan_source(input, file, source);
	input->file = g_strdup(file);
	input->source = source;
	input->mbox = pli_mbox_reader_new(source, PLI_MBOX_AUTO);
	input->number = 0;
	return next_in_mbox(input);
}

/* --- Maildir --- */

static gboolean
add_maildir_files(PliInput *input, const char *dir, const char *sub,
		  GError **error)
{
	g_autofree char *path = g_build_filename(dir, sub, NULL);
	g_autoptr(GDir) entries = g_dir_open(path, 0, error);
	const char *name;

	if (entries == NULL)
		return FALSE;
	while ((name = g_dir_read_name(entries)) != NULL)
		if (name[0] != '.')
			g_ptr_array_add(input->files,
					g_build_filename(path, name, NULL));
	return TRUE;
}

static gint
compare_backwards(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)b, *(const char *const *)a);
}

static void
open_dir(PliInput *input, const char *dir)
{
	g_autoptr(GError) error = NULL;

	if (!add_maildir_files(input, dir, "cur", &error) ||
	    !add_maildir_files(input, dir, "new", &error)) {
		gboolean absent = g_error_matches(error, G_FILE_ERROR,
						  G_FILE_ERROR_NOENT);

		g_ptr_array_set_size(input->files, 0);
		add_error(input, dir,
			  absent ? "is a directory, but no Maildir (those "
				   "hold cur and new)"
				 : error->message,
			  EX_NOINPUT);
		return;
	}
	if (input->files->len == 0)
		pli_terminal_add_error(dir, "a Maildir without messages");
	g_ptr_array_sort(input->files, compare_backwards);
}

static PliMessage *
open_maildir_file(PliInput *input, const char *file)
{
	g_autoptr(GError) error = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	PliSource *source;
	struct stat st;

	if (fd < 0) {
		add_errno(input, file, errno);
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		add_error(input, file, "is no regular file", EX_NOINPUT);
		return NULL;
	}
	source = pli_file_source_new(fd, 0, G_MAXUINT64, &error);
	if (source != NULL)
		return scan_source(input, file, source);
	add_error(input, file, error->message, EX_IOERR);
	return NULL;
}

/* --- paths --- */

/* `fd` is taken over. */
static PliMessage *
open_fd(PliInput *input, const char *path, int fd)
{
	g_autoptr(GError) error = NULL;
	PliSource *source;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		add_errno(input, path, errno);
		close(fd);
		return NULL;
	}
	if (S_ISDIR(st.st_mode)) {
		close(fd);
		open_dir(input, path);
		return NULL;
	}
	if (S_ISREG(st.st_mode)) {
		off_t start = lseek(fd, 0, SEEK_CUR);

		source = pli_file_source_new(fd, MAX(start, 0), G_MAXUINT64,
					     &error);
	} else {
		source = pli_pipe_source_new(fd, &error);
		close(fd);
	}
	if (source != NULL)
		return open_source(input, path, source);
	add_error(input, path, error->message, EX_IOERR);
	return NULL;
}

static PliMessage *
open_path(PliInput *input, const char *path)
{
	gboolean is_stdin = g_str_equal(path, "-");
	int fd = is_stdin ? dup(STDIN_FILENO)
			  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		return open_fd(input, path, fd);
	add_errno(input, path, errno);
	return NULL;
}

PliMessage *
pli_input_next(PliInput *input)
{
	PliMessage *message = NULL;

	while (message == NULL) {
		if (input->mbox != NULL) {
			message = next_in_mbox(input);
		} else if (input->files->len > 0) {
			g_autofree char *file = g_ptr_array_steal_index(
				input->files, input->files->len - 1);

			message = open_maildir_file(input, file);
		} else if (*input->next_path != NULL) {
			message = open_path(input, *input->next_path++);
		} else {
			return NULL;
		}
	}
	return message;
}
