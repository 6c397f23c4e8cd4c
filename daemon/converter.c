/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/converter.h"

#include "engine/convert.h"

struct PliConverter {
	PliPost *post;
	GThreadPool *thread;
};

typedef struct {
	PliMessage *message;
	PliConverterDone done;
	gpointer data;
} Job;

/* The converted octets into an entry and a structure of their own. */
static gboolean
write_entry(PliConvert *convert, PliSpoolEntry *entry, PliParser *parser,
            GError **error)
{
	PliParserEvent event;
	PliSlice octets;

	do {
		if (pli_convert_next(convert, &octets, error) !=
		            PLI_STEP_READY ||
		    !pli_spool_entry_append(entry, octets, error))
			return FALSE;
		pli_parser_scan(parser, octets);
	} while (octets.len > 0);
	pli_parser_finish(parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		;
	return TRUE;
}

/* What was converted must read as before, and be fit. */
static gboolean
check_result(const PliStructure *before, const PliStructure *after,
             GError **error)
{
	PliPart root;

	pli_structure_get_part(after, 0, &root);
	if (pli_structure_get_n_parts(before) ==
	            pli_structure_get_n_parts(after) &&
	    pli_structure_get_bare_lf(after) == 0 &&
	    !(pli_structure_get_flags(after) & PLI_STRUCTURE_HAS_NUL) &&
	    !(root.flags & PLI_PART_BARE_CR))
		return TRUE;
	g_set_error(error, PLI_CONVERT_ERROR, PLI_CONVERT_ERROR_FRAME,
	            "the message has octets that cannot be encoded without "
	            "changing its parts");
	return FALSE;
}

static void
convert_message(PliMessage *message)
{
	PliServices *services = message->services;
	g_autoptr(PliSource) source = NULL;
	g_autoptr(PliConvert) convert = NULL;
	g_autoptr(PliSpoolEntry) entry = NULL;
	g_autoptr(PliParser) parser = NULL;
	g_autoptr(PliStructure) plain = NULL;
	GError **error = &message->error;

	source = pli_spool_entry_get_source(message->entry, error);
	if (source == NULL)
		return;
	convert = pli_convert_new(message->plain, source,
	                          PLI_CONVERT_NO_BINARY, error);
	if (convert == NULL || pli_convert_get_n_changes(convert) == 0)
		return;
	entry = pli_spool_entry_new(services->spool->spool);
	if (message->prefix != NULL)
		pli_spool_entry_set_prefix(
		        entry, pli_slice_new(message->prefix->str,
		                             message->prefix->len));
	parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	if (!write_entry(convert, entry, parser, error))
		return;
	plain = pli_parser_steal_structure(parser);
	if (!check_result(message->plain, plain, error))
		return;
	/* nothing may read an entry that is freed */
	g_clear_pointer(&convert, pli_convert_free);
	g_clear_pointer(&source, pli_source_unref);
	pli_spool_entry_free(message->entry);
	message->entry = g_steal_pointer(&entry);
	pli_structure_unref(message->plain);
	message->plain = g_steal_pointer(&plain);
	message->octets = pli_spool_entry_get_length(message->entry);
	pli_counters_add(services->counters, converted, 1);
	pli_counters_add(services->counters, rebuilt, 1);
	pli_counters_add(services->counters, rebuilt_octets, message->octets);
}

static void
give_back(gpointer data)
{
	g_autofree Job *job = data;

	job->done(job->data);
}

static void
run_job(gpointer data, gpointer user_data)
{
	PliConverter *converter = user_data;
	Job *job = data;

	convert_message(job->message);
	pli_post_send(converter->post, give_back, job);
}

PliConverter *
pli_converter_new(PliPost *post)
{
	PliConverter *converter = g_new0(PliConverter, 1);

	converter->post = post;
	converter->thread = g_thread_pool_new(run_job, converter, 1, FALSE,
	                                      NULL);
	return converter;
}

void
pli_converter_free(PliConverter *converter)
{
	if (converter == NULL)
		return;
	g_thread_pool_free(converter->thread, FALSE, TRUE);
	g_free(converter);
}

void
pli_converter_add(PliConverter *converter, PliMessage *message,
                  PliConverterDone done, gpointer data)
{
	Job *job = g_new(Job, 1);

	g_assert(message->plain != NULL);
	*job = (Job){message, done, data};
	g_thread_pool_push(converter->thread, job, NULL);
}
