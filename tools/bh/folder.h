/*
 * A disk image with a folder's content, for guests that shall read it: `bh image FOLDER -o OUT`.
 */
#ifndef TOOLS_BH_FOLDER_H
#define TOOLS_BH_FOLDER_H

#include <stdbool.h>

#include "tools/bh/report.h"

bool is_folder(const char *path);

/* Makes an ext4 file system of the folder's files, as large as they need. */
enum bh_status folder_image(const char *folder, const char *out);

#endif
