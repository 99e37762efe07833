/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/command.h"
#include "host/xl.h"

static int run(struct host *host, const struct args *args)
{
    return xl_exec(host->dg, args->argv);
}

const struct command cmd_xl = {
    .name = "xl",
    .args = "ARGUMENT...",
    .summary = "run stock xl with domwright's builder inside",
    .help = "Every argument is xl's.\n",
    .need = NEED_PLACE,
    .raw = true,
    .run = run,
};
