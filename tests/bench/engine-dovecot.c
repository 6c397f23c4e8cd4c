/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled against Dovecot's own config.h, hence without ours. */
#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "imap-bodystructure.h"
#include "imap-envelope.h"
#include "istream.h"
#include "message-parser.h"
#include "message-part-data.h"
#include "qp-decoder.h"
#include "qp-encoder.h"
#include "str.h"

#include "bench.h"

/* Since the fix of CVE-2024-23184 the header readers take a budget. */
#ifdef BENCH_DOVECOT_LIMITS
#define LIMITS_ARGUMENT limits,
#define LIMITS_INIT MESSAGE_PART_DATA_LIMITS_INIT
typedef struct message_part_data_limits Limits;
#else
#define LIMITS_ARGUMENT
#define LIMITS_INIT 0
typedef int Limits;
#endif

static void
start(void)
{
	static bool started;

	if (!started)
		lib_init();
	started = true;
}

static uint64_t
parse(const BenchInput *input, enum message_parser_flags flags)
{
	const struct message_parser_settings set = {.flags = flags};
	pool_t pool;
	uint64_t found = 0;

	start();
	pool = pool_alloconly_create("parts", 10240);
	for (size_t i = 0; i < input->n_messages; i++)
		T_BEGIN
		{
			struct message_part *parts;
			struct message_block block;
			struct istream *stream = i_stream_create_from_data(
			        input->messages[i].data,
			        input->messages[i].len);
			struct message_parser_ctx *parser =
			        message_parser_init(pool, stream, &set);

			while (message_parser_parse_next_block(parser,
			                                       &block) > 0)
				;
			message_parser_deinit(&parser, &parts);
			found += 1 + parts->children_count;
			i_stream_unref(&stream);
			p_clear(pool);
		}
		T_END;
	pool_unref(&pool);
	return found;
}

static uint64_t
run_blocks(const BenchInput *input, bool count)
{
	return parse(input, 0);
}

static uint64_t
run_skipping(const BenchInput *input, bool count)
{
	return parse(input, MESSAGE_PARSER_FLAG_SKIP_BODY_BLOCK);
}

/* What its index does with a header line while a message is saved. */
static void
take_header(pool_t pool, const struct message_block *block, Limits *limits,
            struct message_part_envelope **envelope)
{
	struct message_header_line *hdr = block->hdr;

	if (hdr != NULL && hdr->continues) {
		hdr->use_full_value = TRUE;
		return;
	}
	message_part_data_parse_from_header(pool, block->part,
	                                    LIMITS_ARGUMENT hdr);
	if (hdr != NULL && !hdr->eoh && block->part->parent == NULL)
		message_part_envelope_parse_from_header(pool, envelope,
		                                        LIMITS_ARGUMENT hdr);
}

static size_t
write_text(pool_t pool, const BenchMessage *message, string_t *text)
{
	const struct message_parser_settings set = {
	        .hdr_flags = MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP |
	                     MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE,
	        .flags = MESSAGE_PARSER_FLAG_SKIP_BODY_BLOCK,
	};
	struct istream *stream =
	        i_stream_create_from_data(message->data, message->len);
	struct message_parser_ctx *parser =
	        message_parser_init(pool, stream, &set);
	struct message_part_envelope *envelope = NULL;
	struct message_part *parts;
	struct message_block block;
	Limits limits = LIMITS_INIT;
	const char *error;

	while (message_parser_parse_next_block(parser, &block) > 0)
		if (block.size == 0)
			take_header(pool, &block, &limits, &envelope);
	message_parser_deinit(&parser, &parts);
	str_truncate(text, 0);
	if (imap_bodystructure_write(parts, text, TRUE, &error) < 0)
		i_fatal("imap_bodystructure_write: %s", error);
	imap_envelope_write(envelope, text);
	i_stream_unref(&stream);
	return str_len(text);
}

static uint64_t
run_bodystructure(const BenchInput *input, bool count)
{
	pool_t pool;
	string_t *text;
	uint64_t found = 0;

	start();
	pool = pool_alloconly_create("parts", 10240);
	text = str_new(default_pool, 4096);
	for (size_t i = 0; i < input->n_messages; i++)
		T_BEGIN
		{
			found += write_text(pool, &input->messages[i], text);
			p_clear(pool);
		}
		T_END;
	str_free(&text);
	pool_unref(&pool);
	return found;
}

static uint64_t
run_base64(const BenchInput *input, bool count)
{
	buffer_t *out;
	uint64_t found = 0;

	start();
	out = buffer_create_dynamic(default_pool, input->longest);
	for (size_t i = 0; i < input->n_messages; i++) {
		struct base64_decoder decoder;

		base64_decode_init(&decoder, &base64_scheme, 0);
		buffer_set_used_size(out, 0);
		if (base64_decode_more(&decoder, input->messages[i].data,
		                       input->messages[i].len, NULL, out) < 0 ||
		    base64_decode_finish(&decoder) < 0)
			i_fatal("base64_decode_more failed");
		found += out->used;
	}
	buffer_free(&out);
	return found;
}

static uint64_t
run_qp(const BenchInput *input, bool count)
{
	buffer_t *out;
	uint64_t found = 0;

	start();
	out = buffer_create_dynamic(default_pool, input->longest);
	for (size_t i = 0; i < input->n_messages; i++) {
		struct qp_decoder *decoder;
		const char *error;
		size_t bad;

		buffer_set_used_size(out, 0);
		decoder = qp_decoder_init(out);
		if (qp_decoder_more(decoder, input->messages[i].data,
		                    input->messages[i].len, &bad,
		                    &error) < 0 ||
		    qp_decoder_finish(decoder, &error) < 0)
			i_fatal("qp_decoder_more: %s", error);
		qp_decoder_deinit(&decoder);
		found += out->used;
	}
	buffer_free(&out);
	return found;
}

static uint64_t
run_base64_encode(const BenchInput *input, bool count)
{
	buffer_t *out;
	uint64_t found = 0;

	start();
	out = buffer_create_dynamic(default_pool, input->longest * 2);
	for (size_t i = 0; i < input->n_messages; i++) {
		struct base64_encoder encoder;

		base64_encode_init(&encoder, &base64_scheme,
		                   BASE64_ENCODE_FLAG_CRLF, 76);
		buffer_set_used_size(out, 0);
		if (!base64_encode_more(&encoder, input->messages[i].data,
		                        input->messages[i].len, NULL, out) ||
		    !base64_encode_finish(&encoder, out))
			i_fatal("base64_encode_more failed");
		found += out->used;
	}
	buffer_free(&out);
	return found;
}

static uint64_t
run_qp_encode(const BenchInput *input, bool count)
{
	string_t *out;
	uint64_t found = 0;

	start();
	out = str_new(default_pool, input->longest * 4);
	for (size_t i = 0; i < input->n_messages; i++) {
		struct qp_encoder *encoder =
		        qp_encoder_init(out, 76, QP_ENCODER_FLAG_BINARY_DATA);

		str_truncate(out, 0);
		qp_encoder_more(encoder, input->messages[i].data,
		                input->messages[i].len);
		qp_encoder_finish(encoder);
		qp_encoder_deinit(&encoder);
		found += out->used;
	}
	str_free(&out);
	return found;
}

const BenchEngine bench_engines_dovecot[] = {
        {"dovecot", "blocks", BENCH_STRUCTURE, run_blocks},
        {"dovecot", "skipping body blocks", BENCH_STRUCTURE, run_skipping},
        {"dovecot", NULL, BENCH_BODYSTRUCTURE, run_bodystructure},
        {"dovecot", NULL, BENCH_BASE64_DECODE, run_base64},
        {"dovecot", NULL, BENCH_QP_DECODE, run_qp},
        {"dovecot", NULL, BENCH_BASE64_ENCODE, run_base64_encode},
        {"dovecot", NULL, BENCH_QP_ENCODE, run_qp_encode},
        {NULL, NULL, 0, NULL},
};
