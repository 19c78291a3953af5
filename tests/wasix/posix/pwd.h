#pragma once
struct passwd { char *pw_name, *pw_dir; };
