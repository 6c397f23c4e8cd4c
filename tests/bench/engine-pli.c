/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <openssl/evp.h>

#include "engine/bodystructure.h"
#include "engine/charset.h"
#include "engine/convert.h"
#include "engine/decoder.h"
#include "engine/encoder.h"
#include "engine/envelope.h"
#include "engine/parser.h"

#define TEXT_CEILING (16 * 1024 * 1024)

/* One parser for all messages, as a worker of the daemon has it. */
static PliParser *
get_parser(void)
{
	static PliParser *parser;

	if (parser == NULL)
		parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	else
		pli_parser_reset(parser);
	return parser;
}

static PliStructure *
scan(PliParser *parser, const BenchMessage *message)
{
	pli_parser_scan_whole(parser,
	                      pli_slice_new(message->data, message->len));
	return pli_parser_steal_structure(parser);
}

static uint64_t
n_real_parts(const PliStructure *structure)
{
	guint32 n_parts = pli_structure_get_n_parts(structure);
	uint64_t n = 0;

	for (guint32 i = 0; i < n_parts; i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		n += (part.flags & PLI_PART_SYNTHETIC) == 0;
	}
	return n;
}

static uint64_t
run_structure(const BenchInput *input, bool count)
{
	uint64_t found = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		PliParser *parser = get_parser();
		PliStructure *structure = scan(parser, &input->messages[i]);

		if (count)
			found += n_real_parts(structure);
		pli_parser_take_structure(parser, structure);
	}
	return found;
}

static uint64_t
run_bodystructure(const BenchInput *input, bool count)
{
	uint64_t found = 0;
	g_auto(PliBuf) text;

	pli_buf_init(&text, TEXT_CEILING);
	for (size_t i = 0; i < input->n_messages; i++) {
		PliParser *parser = get_parser();
		PliStructure *structure = scan(parser, &input->messages[i]);

		pli_buf_reset(&text);
		if (!pli_bodystructure_format(structure, TRUE, &text) ||
		    !pli_envelope_format(structure, 0, &text))
			g_error("the text of a message passed %d octets",
			        TEXT_CEILING);
		found += text.len;
		pli_parser_take_structure(parser, structure);
	}
	return found;
}

/* SHA-256 of every leaf's octets, tapped from the pass. */
static uint64_t
digest_leaves(PliParser *parser, EVP_MD_CTX *context)
{
	PliParserEvent event;
	unsigned char digest[EVP_MAX_MD_SIZE];
	uint64_t leaves = 0;
	gboolean in_leaf = FALSE;

	while (pli_parser_next(parser, &event) == PLI_STEP_READY) {
		if (event.type == PLI_PARSER_EVENT_BODY) {
			if (!in_leaf)
				EVP_DigestInit_ex(context, EVP_sha256(), NULL);
			in_leaf = TRUE;
			EVP_DigestUpdate(context, event.octets.data,
			                 event.octets.len);
		} else if (event.type == PLI_PARSER_EVENT_PART_END && in_leaf) {
			EVP_DigestFinal_ex(context, digest, NULL);
			in_leaf = FALSE;
			leaves++;
		}
	}
	return leaves;
}

static uint64_t
run_digest(const BenchInput *input, bool count)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint64_t found = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		PliSlice octets = pli_slice_new(input->messages[i].data,
		                                input->messages[i].len);

		pli_parser_feed(parser, octets);
		found += digest_leaves(parser, context);
		pli_parser_finish(parser, PLI_FINISH_COMPLETE);
		found += digest_leaves(parser, context);
		pli_parser_take_structure(parser,
		                          pli_parser_steal_structure(parser));
		pli_parser_reset(parser);
	}
	EVP_MD_CTX_free(context);
	return found;
}

static uint64_t
decode(const BenchInput *input, PliEncoding encoding)
{
	PliDecoder decoder;
	g_autofree guint8 *out = NULL;
	uint64_t found = 0;

	pli_decoder_init(&decoder, encoding);
	out = g_malloc(pli_decoder_get_bound(&decoder, input->longest) +
	               sizeof decoder.held);
	for (size_t i = 0; i < input->n_messages; i++) {
		PliSlice octets = pli_slice_new(input->messages[i].data,
		                                input->messages[i].len);
		gsize n;

		pli_decoder_init(&decoder, encoding);
		n = pli_decoder_feed(&decoder, octets, out);
		n += pli_decoder_finish(&decoder, out + n);
		found += n;
	}
	return found;
}

static uint64_t
run_base64(const BenchInput *input, bool count)
{
	return decode(input, PLI_ENCODING_BASE64);
}

static uint64_t
run_qp(const BenchInput *input, bool count)
{
	return decode(input, PLI_ENCODING_QUOTED_PRINTABLE);
}

static uint64_t
encode(const BenchInput *input, PliEncoding encoding)
{
	PliEncoder encoder;
	g_autofree guint8 *out = NULL;
	uint64_t found = 0;

	pli_encoder_init(&encoder, encoding, PLI_ENCODER_TEXT);
	out = g_malloc(pli_encoder_get_bound(&encoder, input->longest) +
	               pli_encoder_get_bound(&encoder, 0));
	for (size_t i = 0; i < input->n_messages; i++) {
		PliSlice octets = pli_slice_new(input->messages[i].data,
		                                input->messages[i].len);
		gsize n;

		pli_encoder_init(&encoder, encoding, PLI_ENCODER_TEXT);
		n = pli_encoder_feed(&encoder, octets, out);
		n += pli_encoder_finish(&encoder, out + n);
		found += n;
	}
	return found;
}

static uint64_t
run_base64_encode(const BenchInput *input, bool count)
{
	return encode(input, PLI_ENCODING_BASE64);
}

static uint64_t
run_qp_encode(const BenchInput *input, bool count)
{
	return encode(input, PLI_ENCODING_QUOTED_PRINTABLE);
}

/* From the octets that came to those that would be sent, with the scan. */
static uint64_t
run_convert_7bit(const BenchInput *input, bool count)
{
	uint64_t found = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		const BenchMessage *message = &input->messages[i];
		g_autoptr(GBytes) bytes =
		        g_bytes_new_static(message->data, message->len);
		g_autoptr(PliSource) source = pli_source_new_bytes(bytes);
		g_autoptr(PliStructure) structure =
		        scan(get_parser(), message);
		g_autoptr(PliConvert) convert = pli_convert_new(
		        structure, source, PLI_CONVERT_7BIT, NULL);
		PliSlice octets;

		do {
			if (pli_convert_next(convert, &octets, NULL) !=
			    PLI_STEP_READY)
				g_error("the message is not converted");
			found += octets.len;
		} while (octets.len > 0);
	}
	return found;
}

static uint64_t
to_utf8(const BenchInput *input, PliSlice label)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliBuf) out;
	uint64_t found = 0;

	pli_buf_init(&out, TEXT_CEILING);
	for (size_t i = 0; i < input->n_messages; i++) {
		g_autoptr(PliCharsetDecoder) decoder =
		        pli_charset_decoder_new(context, label);
		PliSlice octets = pli_slice_new(input->messages[i].data,
		                                input->messages[i].len);

		pli_buf_reset(&out);
		if (!pli_charset_decoder_feed(decoder, octets, &out) ||
		    !pli_charset_decoder_finish(decoder, &out))
			g_error("a text passed %d octets", TEXT_CEILING);
		found += out.len;
	}
	return found;
}

static uint64_t
run_utf8(const BenchInput *input, bool count)
{
	return to_utf8(input, PLI_SLICE_LITERAL("utf-8"));
}

static uint64_t
run_windows_1252(const BenchInput *input, bool count)
{
	return to_utf8(input, PLI_SLICE_LITERAL("windows-1252"));
}

const BenchEngine bench_engines_pli[] = {
        {"pli", NULL, BENCH_STRUCTURE, run_structure},
        {"pli", NULL, BENCH_BODYSTRUCTURE, run_bodystructure},
        {"pli", NULL, BENCH_STRUCTURE_DIGEST, run_digest},
        {"pli", NULL, BENCH_BASE64_DECODE, run_base64},
        {"pli", NULL, BENCH_QP_DECODE, run_qp},
        {"pli", NULL, BENCH_BASE64_ENCODE, run_base64_encode},
        {"pli", NULL, BENCH_QP_ENCODE, run_qp_encode},
        {"pli", NULL, BENCH_CONVERT_7BIT, run_convert_7bit},
        {"pli", NULL, BENCH_UTF8, run_utf8},
        {"pli", NULL, BENCH_WINDOWS_1252, run_windows_1252},
        {NULL, NULL, 0, NULL},
};
