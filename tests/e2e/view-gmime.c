/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages as GMime reads them, for tests/lib/view.py: standard input has a
 * path a line, and for each a JSON line comes out, after all is freed, so that
 * what GMime dies of is of the message asked for last.
 */
#include "cli/json.h"
#include "tests/lib/gmime-walk.h"

static void
add_mailbox(PliJson *json, InternetAddress *one)
{
	pli_json_begin_array(json);
	pli_json_add_string(json, internet_address_get_name(one));
	pli_json_add_string(json, internet_address_mailbox_get_addr(
					  INTERNET_ADDRESS_MAILBOX(one)));
	pli_json_end_array(json);
}

static void
push_list(GPtrArray *stack, InternetAddressList *list)
{
	for (int i = internet_address_list_length(list); i > 0; i--)
		g_ptr_array_add(stack, internet_address_list_get_address(
					       list, i - 1));
}

/* Groups are opened. */
static void
add_addresses(PliJson *json, const char *key, InternetAddressList *list)
{
	g_autoptr(GPtrArray) stack = g_ptr_array_new();

	pli_json_add_key(json, key);
	pli_json_begin_array(json);
	if (list != NULL)
		push_list(stack, list);
	while (stack->len > 0) {
		InternetAddress *one = stack->pdata[stack->len - 1];

		g_ptr_array_set_size(stack, stack->len - 1);
		if (INTERNET_ADDRESS_IS_GROUP(one))
			push_list(stack, internet_address_group_get_members(
						 INTERNET_ADDRESS_GROUP(one)));
		else
			add_mailbox(json, one);
	}
	pli_json_end_array(json);
}

static void
add_sums(PliJson *json, GBytes *bytes)
{
	g_autofree char *sum =
		g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
	g_autoptr(GChecksum) text = g_checksum_new(G_CHECKSUM_SHA256);
	gsize n, start = 0;
	const guchar *octets = g_bytes_get_data(bytes, &n);

	for (gsize i = 0; i + 1 < n; i++)
		if (octets[i] == '\r' && octets[i + 1] == '\n') {
			g_checksum_update(text, octets + start,
					  (gssize)(i - start));
			start = i + 1;
		}
	g_checksum_update(text, octets + start, (gssize)(n - start));
	pli_json_add_uint_of(json, "size", n);
	pli_json_add_text_of(json, "sha256", sum);
	pli_json_add_text_of(json, "text_sha256", g_checksum_get_string(text));
}

static void
add_leaf(GMimeObject *object, guint depth, gboolean is_leaf, gpointer data)
{
	PliJson *json = data;
	g_autofree char *type = g_mime_content_type_get_mime_type(
		g_mime_object_get_content_type(object));
	g_autofree char *lower = g_ascii_strdown(type, -1);
	g_autoptr(GBytes) bytes = NULL;
	const char *name = NULL;

	if (!is_leaf)
		return;
	bytes = pli_gmime_decode(object);
	if (GMIME_IS_PART(object))
		name = g_mime_part_get_filename(GMIME_PART(object));
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "type", lower);
	pli_json_add_text_of(json, "filename", name);
	if (bytes != NULL)
		add_sums(json, bytes);
	pli_json_end_object(json);
}

static void
add_message(PliJson *json, GMimeMessage *message)
{
	GDateTime *date = g_mime_message_get_date(message);

	pli_json_add_text_of(json, "subject",
			     g_mime_message_get_subject(message));
	add_addresses(json, "from", g_mime_message_get_from(message));
	add_addresses(json, "to", g_mime_message_get_to(message));
	pli_json_add_key(json, "date");
	if (date != NULL)
		pli_json_add_int(json, g_date_time_to_unix(date));
	else
		pli_json_add_null(json);
	pli_json_add_key(json, "leaves");
	pli_json_begin_array(json);
	pli_gmime_walk(message, add_leaf, json);
	pli_json_end_array(json);
}

/* No object when GMime takes it for no message. */
static void
put_view(PliJson *json, const char *path)
{
	g_autofree char *octets = NULL;
	gsize n;
	GMimeMessage *message;

	if (!g_file_get_contents(path, &octets, &n, NULL)) {
		g_printerr("view-gmime: %s cannot be read\n", path);
		exit(1);
	}
	message = pli_gmime_parse(pli_slice_new(octets, n));
	pli_json_begin_object(json);
	if (message != NULL) {
		add_message(json, message);
		g_object_unref(message);
	}
	pli_json_end_object(json);
	pli_json_end_line(json);
}

int
main(void)
{
	char path[4096];

	while (fgets(path, sizeof(path), stdin) != NULL) {
		g_autofree char *text = NULL;
		size_t n;
		FILE *file = open_memstream(&text, &n);
		PliJson json;

		path[strcspn(path, "\n")] = '\0';
		pli_json_init(&json, file);
		put_view(&json, path);
		fclose(file);
		fwrite(text, 1, n, stdout);
		fflush(stdout);
	}
	return 0;
}
