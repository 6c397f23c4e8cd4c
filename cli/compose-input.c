/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/compose-input.h"

#include <errno.h>
#include <stdio.h>

static void
free_file(gpointer data)
{
	PliComposeFile *file = data;

	g_free(file->file);
	g_free(file->name);
	g_free(file->type);
	g_free(file->disposition);
	g_free(file->cid);
	g_free(file->description);
	g_free(file);
}

static void
clear_field(gpointer data)
{
	PliComposeField *field = data;

	g_free((char *)field->name);
	g_free((char *)field->value);
}

PliComposeInput *
pli_compose_input_new(void)
{
	PliComposeInput *input = g_new0(PliComposeInput, 1);

	input->date = G_MININT64;
	input->headers = g_array_new(FALSE, FALSE, sizeof(PliComposeField));
	g_array_set_clear_func(input->headers, clear_field);
	input->files = g_ptr_array_new_with_free_func(free_file);
	input->digest = g_ptr_array_new_with_free_func(g_free);
	input->recipients =
		g_array_new(FALSE, TRUE, sizeof(PliComposeDsnRecipient));
	input->strings = g_ptr_array_new_with_free_func(g_free);
	return input;
}

void
pli_compose_input_free(PliComposeInput *input)
{
	if (input == NULL)
		return;
	g_free(input->from);
	g_free(input->sender);
	g_free(input->reply_to);
	g_free(input->to);
	g_free(input->cc);
	g_free(input->subject);
	g_free(input->message_id);
	g_free(input->in_reply_to);
	g_free(input->references);
	g_free(input->auto_submitted);
	g_free(input->seed);
	g_free(input->text);
	g_free(input->html);
	g_free(input->reply);
	g_free(input->forward);
	g_free(input->sign);
	g_free(input->original);
	g_array_unref(input->headers);
	g_ptr_array_unref(input->files);
	g_ptr_array_unref(input->digest);
	g_array_unref(input->recipients);
	g_ptr_array_unref(input->strings);
	g_free(input);
}

gboolean
pli_compose_input_add_header(PliComposeInput *input, const char *line)
{
	const char *colon = strchr(line, ':');
	PliComposeField field;

	if (colon == NULL || colon == line)
		return FALSE;
	field.name = g_strndup(line, (gsize)(colon - line));
	field.value = g_strchug(g_strdup(colon + 1));
	g_array_append_val(input->headers, field);
	return TRUE;
}

void
pli_compose_input_add_file(PliComposeInput *input, const char *file,
			   const char *disposition)
{
	PliComposeFile *one = g_new0(PliComposeFile, 1);

	one->file = g_strdup(file);
	one->disposition = g_strdup(disposition);
	g_ptr_array_add(input->files, one);
}

GBytes *
pli_compose_input_read_file(const char *file, GError **error)
{
	FILE *in = g_str_equal(file, "-") ? stdin : fopen(file, "rbe");
	g_autoptr(GByteArray) octets = g_byte_array_new();
	guint8 block[16384];
	gsize n;
	gboolean failed;

	if (in == NULL) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "%s: %s", file, g_strerror(errno));
		return NULL;
	}
	if (in == stdin && feof(in)) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
			    "standard input can be read once only");
		return NULL;
	}
	while (octets->len <= PLI_COMPOSE_INPUT_MAX &&
	       (n = fread(block, 1, sizeof block, in)) > 0)
		g_byte_array_append(octets, block, (guint)n);
	failed = ferror(in);
	if (failed)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "%s: cannot be read", file);
	else if (octets->len > PLI_COMPOSE_INPUT_MAX)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
			    "%s: more than %d octets", file,
			    PLI_COMPOSE_INPUT_MAX);
	failed |= octets->len > PLI_COMPOSE_INPUT_MAX;
	if (in != stdin)
		fclose(in);
	return failed ? NULL
		      : g_byte_array_free_to_bytes(g_steal_pointer(&octets));
}
