/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <mimetic/mimetic.h>

#include "bench.h"

/* Parts as the other engines count them. Not timed. */
static uint64_t
n_parts(const mimetic::MimeEntity &entity)
{
	const mimetic::MimeEntityList &parts = entity.body().parts();
	uint64_t n = 1;

	for (mimetic::MimeEntityList::const_iterator i = parts.begin();
	     i != parts.end(); ++i)
		n += n_parts(**i);
	return n;
}

static uint64_t
run_structure(const BenchInput *input, bool count)
{
	uint64_t found = 0;

	for (size_t i = 0; i < input->n_messages; i++) {
		const char *data = (const char *)input->messages[i].data;
		mimetic::MimeEntity entity(data,
		                           data + input->messages[i].len);

		if (count)
			found += n_parts(entity);
	}
	return found;
}

extern "C" const BenchEngine bench_engines_mimetic[] = {
        {"mimetic", NULL, BENCH_STRUCTURE, run_structure},
        {NULL, NULL, BENCH_STRUCTURE, NULL},
};
