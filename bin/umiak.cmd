@echo off
setlocal
set "ROOT=%~dp0.."
set "MAIN=%ROOT%\cli\main.ts"
where deno >nul 2>nul
if %ERRORLEVEL%==0 (
  deno run --quiet --no-lock --no-check --allow-all --config "%ROOT%\deno.json" "%MAIN%" %*
) else (
  npx --yes deno@2.9.6 run --quiet --no-lock --no-check --allow-all --config "%ROOT%\deno.json" "%MAIN%" %*
)
exit /b %ERRORLEVEL%
