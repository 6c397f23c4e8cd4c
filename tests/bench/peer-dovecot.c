/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled against Dovecot's own config.h, hence without ours. */
#include "lib.h"
#include "istream.h"
#include "message-parser.h"
#include "message-part-data.h"

#include "peer-dovecot.h"

/* Since the fix of CVE-2024-23184 the header readers take a budget. */
#ifdef BENCH_DOVECOT_LIMITS
#define LIMITS_ARGUMENT &limits,
#else
#define LIMITS_ARGUMENT
#endif

static struct message_part *
parse(pool_t pool, const void *message, size_t len)
{
	const struct message_parser_settings set = {
	        .hdr_flags = MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP |
	                     MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE,
	        .flags = MESSAGE_PARSER_FLAG_SKIP_BODY_BLOCK,
	};
#ifdef BENCH_DOVECOT_LIMITS
	struct message_part_data_limits limits = MESSAGE_PART_DATA_LIMITS_INIT;
#endif
	struct istream *stream = i_stream_create_from_data(message, len);
	struct message_parser_ctx *parser =
	        message_parser_init(pool, stream, &set);
	struct message_part *parts;
	struct message_block block;

	while (message_parser_parse_next_block(parser, &block) > 0) {
		if (block.size > 0)
			continue;
		if (block.hdr != NULL && block.hdr->continues)
			block.hdr->use_full_value = TRUE;
		else
			message_part_data_parse_from_header(
			        pool, block.part, LIMITS_ARGUMENT block.hdr);
	}
	message_parser_deinit(&parser, &parts);
	i_stream_unref(&stream);
	return parts;
}

static void
walk(const struct message_part *part,
     void (*visit)(const struct peer_part *part, void *data), void *data)
{
	unsigned int depth = 0;

	while (part != NULL) {
		const struct message_part *parent = part->parent;
		const bool in_digest =
		        parent != NULL &&
		        (parent->flags & MESSAGE_PART_FLAG_MULTIPART_DIGEST);
		struct peer_part seen = {
		        .depth = depth,
		        .is_leaf = !(part->flags &
		                     (MESSAGE_PART_FLAG_MULTIPART |
		                      MESSAGE_PART_FLAG_MESSAGE_RFC822)),
		        .type = in_digest ? "message" : "text",
		        .subtype = in_digest ? "rfc822" : "plain",
		        .offset = part->physical_pos +
		                  part->header_size.physical_size,
		        .length = part->body_size.physical_size,
		};

		if (part->data != NULL && part->data->content_type != NULL) {
			seen.type = part->data->content_type;
			seen.subtype = part->data->content_subtype;
		}
		visit(&seen, data);
		if (part->children != NULL) {
			part = part->children;
			depth++;
			continue;
		}
		while (part != NULL && part->next == NULL) {
			part = part->parent;
			depth--;
		}
		if (part != NULL)
			part = part->next;
	}
}

void
peer_dovecot_walk(const void *message, size_t len,
                  void (*visit)(const struct peer_part *part, void *data),
                  void *data)
{
	static bool started;

	if (!started)
		lib_init();
	started = TRUE;
	T_BEGIN
	{
		pool_t pool = pool_alloconly_create("parts", 10240);

		walk(parse(pool, message, len), visit, data);
		pool_unref(&pool);
	}
	T_END;
}
