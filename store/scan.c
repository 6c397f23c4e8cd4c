/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/scan-priv.h"

#include "engine/parser.h"

#define BLOCK (256 * 1024)

PliStructure *
pli_scan_source(PliSlice prefix, PliSource *source, PliLineMode mode,
		GError **error)
{
	g_autoptr(PliParser) parser = pli_parser_new(mode, NULL);
	guint64 offset = 0;
	PliSlice octets = prefix;

	do {
		PliStep step;

		if (octets.len > 0)
			pli_parser_scan(parser, octets);
		step = pli_source_read_at(source, offset, BLOCK, &octets,
					  error);
		if (step == PLI_STEP_WANT)
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "The message is not all there");
		if (step != PLI_STEP_READY)
			return NULL;
		offset += octets.len;
	} while (octets.len > 0);
	pli_parser_end_scan(parser, PLI_FINISH_COMPLETE);
	return pli_parser_steal_structure(parser);
}
