import { marked } from "marked";

/** One job of the story, as its page on GitHub would show it. */
export interface Chapter {
  readonly title: string;
  /** What a person did to start it. */
  readonly trigger: string;
  readonly conclusion: "success" | "failure";
  readonly durationMs: number;
  readonly steps: readonly StepView[];
  readonly comments: readonly CommentView[];
  readonly deployments: readonly string[];
}

export interface StepView {
  readonly name: string;
  readonly conclusion: "success" | "failure";
  readonly durationMs: number;
  /** Log lines as the runner shows them, groups marked by `##[group]` and `##[endgroup]`. */
  readonly log: readonly string[];
  /** Markdown. */
  readonly summary: string;
  readonly annotations: readonly AnnotationView[];
}

export interface AnnotationView {
  readonly level: "error" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
  readonly place: string;
}

export interface CommentView {
  readonly author: string;
  /** Markdown. */
  readonly body: string;
  readonly edited: boolean;
}

/** The whole story as one page without scripts or requests: what a person would see on github.com. */
export function renderPage(chapters: readonly Chapter[]): string {
  const links = chapters
    .map((chapter, index) => `<li>${dot(chapter.conclusion)}<a href="#c${index}">${escapeHtml(chapter.title)}</a></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>eks-actions: the demo</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>eks-actions</h1><p>One pull request, one cluster from an empty account, one good release and one bad one: what each job left on GitHub.</p><p class="trigger">The bundled actions ran as the runner runs them. The stand-in for AWS lets ten minutes pass in a second, the simulated nodes are ten times as fast as real ones.</p><ol>${links}</ol></header>
${chapters.map(renderChapter).join("\n")}
</body>
</html>
`;
}

function renderChapter(chapter: Chapter, index: number): string {
  const annotations = chapter.steps.flatMap((step) => step.annotations);
  const summaries = chapter.steps.filter((step) => step.summary.trim() !== "");
  return `<section id="c${index}">
<h2>${dot(chapter.conclusion)}${escapeHtml(chapter.title)} <small>${seconds(chapter.durationMs)}</small></h2>
<p class="trigger">${escapeHtml(chapter.trigger)}</p>
${chapter.comments.map(renderComment).join("")}
${chapter.deployments.length === 0 ? "" : `<p class="deployments">Deployment of the environment: ${chapter.deployments.map((state) => `<span class="state ${escapeHtml(state)}">${escapeHtml(state)}</span>`).join(" → ")}</p>`}
${annotations.length === 0 ? "" : `<div class="box"><h3>Annotations</h3>${annotations.map(renderAnnotation).join("")}</div>`}
${summaries.map((step) => `<div class="box"><h3>${escapeHtml(step.name)} summary</h3><div class="markdown">${markdown(step.summary)}</div></div>`).join("")}
<div class="log"><h3>Log</h3>${chapter.steps.map(renderStep).join("")}</div>
</section>`;
}

function renderComment(comment: CommentView): string {
  const edited = comment.edited ? " · edited" : "";
  return `<div class="comment"><div class="author"><b>${escapeHtml(comment.author)}</b> commented${edited}</div><div class="markdown">${markdown(comment.body)}</div></div>`;
}

function renderAnnotation(annotation: AnnotationView): string {
  const place = annotation.place === "" ? "" : `<code>${escapeHtml(annotation.place)}</code>`;
  const level = LEVELS[annotation.level];
  return `<div class="annotation ${annotation.level}">${level}: <b>${escapeHtml(annotation.title)}</b> ${place}<pre>${escapeHtml(annotation.message)}</pre></div>`;
}

function renderStep(step: StepView): string {
  const open = step.conclusion === "failure" ? " open" : "";
  return `<details class="step"${open}><summary>${dot(step.conclusion)}${escapeHtml(step.name)} <small>${seconds(step.durationMs)}</small></summary><div class="lines">${renderLines(step.log)}</div></details>`;
}

function renderLines(lines: readonly string[]): string {
  let html = "";
  let isOpen = false;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("##[group]")) {
      // What a step was given is long and seldom looked at; GitHub folds it too.
      const open = line.startsWith("##[group]Run ") ? "" : " open";
      html += `<details${open}><summary>${escapeHtml(line.slice(9))}</summary>`;
      isOpen = true;
    } else if (line.startsWith("##[endgroup]")) {
      if (isOpen) html += "</details>";
      isOpen = false;
    } else {
      const level = /^##\[(error|warning|notice)\]/.exec(line)?.[1];
      const text = isLevel(level) ? `${LEVELS[level]}: ${line.slice(level.length + 4)}` : line;
      html += `<div class="line ${level ?? ""}"><i>${index + 1}</i><span>${escapeHtml(text)}</span></div>`;
    }
  }
  return isOpen ? `${html}</details>` : html;
}

// In words, for those who do not see the colour.
const LEVELS = { error: "Error", warning: "Warning", notice: "Notice" } as const;

function isLevel(level: string | undefined): level is keyof typeof LEVELS {
  return level !== undefined && level in LEVELS;
}

function markdown(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true });
  return html.replaceAll(/<(\/?)(script|style|iframe|object|embed|form)\b/gi, "&lt;$1$2");
}

function dot(conclusion: "success" | "failure"): string {
  return conclusion === "success"
    ? '<span class="dot ok" role="img" aria-label="success">✓</span>'
    : '<span class="dot bad" role="img" aria-label="failure">✕</span>';
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const STYLE = `
:root{--fg:#1f2328;--muted:#59636e;--line:#d1d9e0;--bg:#fff;--soft:#f6f8fa;--ok:#1a7f37;--bad:#cf222e;--warn:#9a6700;--link:#0969da}
*{box-sizing:border-box}
body{margin:0 auto;max-width:980px;padding:24px;color:var(--fg);background:var(--bg);font:14px/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif,"Noto Color Emoji"}
a{color:var(--link);text-decoration:none}
header h1{margin:0;font-size:28px}
header ol{list-style:none;padding:0;display:grid;gap:4px}
section{margin:40px 0;border-top:1px solid var(--line);padding-top:8px}
h2{font-size:20px;margin:16px 0 4px} h2 small,summary small{color:var(--muted);font-weight:400;font-size:12px}
h3{font-size:12px;letter-spacing:.02em;color:var(--muted);margin:0 0 8px;font-weight:600}
.trigger{color:var(--muted);margin:0 0 16px}
.dot{display:inline-flex;align-items:center;justify-content:center;width:16px;height:16px;border-radius:50%;color:#fff;font-size:10px;margin-right:8px;vertical-align:2px}
.ok{background:var(--ok)} .bad{background:var(--bad)}
.comment{border:1px solid var(--line);border-radius:6px;margin:16px 0}
.author{background:var(--soft);border-bottom:1px solid var(--line);padding:8px 16px;color:var(--muted);border-radius:6px 6px 0 0}
.author b{color:var(--fg)}
.comment .markdown{padding:16px}
.box{border:1px solid var(--line);border-radius:6px;padding:16px;margin:16px 0}
.annotation{border-left:3px solid var(--line);padding:4px 12px;margin:8px 0}
.annotation.error{border-color:var(--bad)} .annotation.warning{border-color:var(--warn)} .annotation.notice{border-color:var(--link)}
.annotation pre{margin:4px 0 0;white-space:pre-wrap;font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--muted)}
.state{display:inline-block;border:1px solid var(--line);border-radius:12px;padding:0 8px;font-size:12px}
.state.success{background:var(--ok);color:#fff}.state.failure,.state.error{background:var(--bad);color:#fff}
.markdown h2{font-size:18px;margin:0 0 12px;border-bottom:1px solid var(--line);padding-bottom:6px}
.markdown h3{font-size:15px;color:var(--fg);margin:16px 0 8px}
.markdown table{border-collapse:collapse;display:block;overflow-x:auto;margin:12px 0}
.markdown th,.markdown td{border:1px solid var(--line);padding:5px 12px;vertical-align:top}
.markdown tr:nth-child(2n){background:var(--soft)}
.markdown code{background:#818b981f;border-radius:6px;padding:.15em .4em;font:85% ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:break-spaces}
.markdown pre{background:var(--soft);padding:12px;border-radius:6px;overflow-x:auto}.markdown pre code{background:none;padding:0;white-space:pre}
.markdown details{margin:8px 0}.markdown summary{cursor:pointer}
.markdown sub{color:var(--muted)}
.log{background:#0d1117;color:#e6edf3;border-radius:6px;padding:12px 0;margin:16px 0}
.log h3{color:#9198a1;padding:0 16px}
.step>summary{padding:4px 16px;cursor:pointer}.step summary small{color:#9198a1}
.lines{font:12px/20px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace,"Noto Color Emoji";padding:4px 0 8px}
.lines details>summary{padding:0 16px 0 56px;cursor:pointer;color:#e6edf3}
.line{display:flex;padding:0 16px}.line i{flex:0 0 32px;margin-right:16px;text-align:right;color:#6e7681;font-style:normal;user-select:none}
.line span{white-space:pre-wrap;overflow-wrap:anywhere}
.line.error{background:#f851491a;color:#ffa198}.line.warning{background:#bb800926;color:#e3b341}.line.notice{color:#79c0ff}
@media (max-width:600px){body{padding:12px}.line i{display:none}}
`;
