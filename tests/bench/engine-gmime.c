/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <gmime/gmime.h>

/* Parts as the other engines count them: a message inside a message/rfc822
 * part is one more. Not timed. */
static uint64_t
n_parts(GMimeObject *object)
{
	uint64_t n = 1;

	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);

		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			n += n_parts(g_mime_multipart_get_part(multipart, i));
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message =
		        g_mime_message_part_get_message((void *)object);

		if (message != NULL && message->mime_part != NULL)
			n += n_parts(message->mime_part);
	}
	return n;
}

static uint64_t
parse(const BenchInput *input, bool count, gboolean persistent)
{
	GMimeParser *parser = g_mime_parser_new();
	uint64_t found = 0;

	g_mime_parser_set_persist_stream(parser, persistent);
	for (size_t i = 0; i < input->n_messages; i++) {
		/* lent, not copied: the array never grows */
		GByteArray *array = g_byte_array_new_take(
		        (guint8 *)input->messages[i].data,
		        input->messages[i].len);
		GMimeStream *stream =
		        g_mime_stream_mem_new_with_byte_array(array);
		GMimeMessage *message;

		g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
		g_mime_parser_init_with_stream(parser, stream);
		message = g_mime_parser_construct_message(parser, NULL);
		if (count && message != NULL && message->mime_part != NULL)
			found += n_parts(message->mime_part);
		g_clear_object(&message);
		g_object_unref(stream);
		(void)g_byte_array_steal(array, NULL);
		g_byte_array_unref(array);
	}
	g_object_unref(parser);
	return found;
}

static uint64_t
run_persistent(const BenchInput *input, bool count)
{
	return parse(input, count, TRUE);
}

static uint64_t
run_copying(const BenchInput *input, bool count)
{
	return parse(input, count, FALSE);
}

typedef void (*Init)(GMimeEncoding *state, GMimeContentEncoding encoding);

static uint64_t
convert(const BenchInput *input, Init init, GMimeContentEncoding encoding)
{
	g_autofree char *out = NULL;
	GMimeEncoding state;
	uint64_t found = 0;

	init(&state, encoding);
	out = g_malloc(g_mime_encoding_outlen(&state, input->longest));
	for (size_t i = 0; i < input->n_messages; i++) {
		const char *data = (const char *)input->messages[i].data;
		size_t n;

		init(&state, encoding);
		n = g_mime_encoding_step(&state, data, input->messages[i].len,
		                         out);
		n += g_mime_encoding_flush(&state, "", 0, out + n);
		found += n;
	}
	return found;
}

static uint64_t
run_base64(const BenchInput *input, bool count)
{
	return convert(input, g_mime_encoding_init_decode,
	               GMIME_CONTENT_ENCODING_BASE64);
}

static uint64_t
run_qp(const BenchInput *input, bool count)
{
	return convert(input, g_mime_encoding_init_decode,
	               GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

static uint64_t
run_base64_encode(const BenchInput *input, bool count)
{
	return convert(input, g_mime_encoding_init_encode,
	               GMIME_CONTENT_ENCODING_BASE64);
}

static uint64_t
run_qp_encode(const BenchInput *input, bool count)
{
	return convert(input, g_mime_encoding_init_encode,
	               GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

/* Each part gets the encoding that GMime finds best for 7bit. The message is
 * copied into its stream, which costs little beside the rest. */
static uint64_t
run_convert_7bit(const BenchInput *input, bool count)
{
	uint64_t found = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		GMimeStream *in = g_mime_stream_mem_new_with_buffer(
		        (const char *)input->messages[i].data,
		        input->messages[i].len);
		GMimeStream *out = g_mime_stream_null_new();
		GMimeParser *parser = g_mime_parser_new_with_stream(in);
		GMimeMessage *message;

		g_mime_parser_set_persist_stream(parser, TRUE);
		message = g_mime_parser_construct_message(parser, NULL);
		if (message != NULL) { /* none of no octets */
			g_mime_object_encode(GMIME_OBJECT(message),
			                     GMIME_ENCODING_CONSTRAINT_7BIT);
			g_mime_object_write_to_stream(GMIME_OBJECT(message),
			                              NULL, out);
			g_object_unref(message);
		}
		found += GMIME_STREAM_NULL(out)->written;
		g_object_unref(parser);
		g_object_unref(out);
		g_object_unref(in);
	}
	return found;
}

const BenchEngine bench_engines_gmime[] = {
        {"gmime", "persistent stream", BENCH_STRUCTURE, run_persistent},
        {"gmime", "copying", BENCH_STRUCTURE, run_copying},
        {"gmime", NULL, BENCH_BASE64_DECODE, run_base64},
        {"gmime", NULL, BENCH_QP_DECODE, run_qp},
        {"gmime", NULL, BENCH_BASE64_ENCODE, run_base64_encode},
        {"gmime", NULL, BENCH_QP_ENCODE, run_qp_encode},
        {"gmime", NULL, BENCH_CONVERT_7BIT, run_convert_7bit},
        {NULL, NULL, 0, NULL},
};
