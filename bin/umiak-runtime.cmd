@echo off
setlocal
set "ROOT=%~dp0.."
set "MAIN=%ROOT%\cli\runtime\main.ts"
where deno >nul 2>nul
if not %ERRORLEVEL%==0 (
  echo umiak-runtime: deno 2.9 or later is not on PATH 1>&2
  exit /b 1
)
deno run --quiet --no-lock --no-check --allow-all --config "%ROOT%\deno.json" "%MAIN%" %*
exit /b %ERRORLEVEL%
