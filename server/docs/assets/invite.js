const form = document.querySelector("#accept");
const button = form.querySelector("button");
const outcome = document.querySelector("#outcome");

/** The token stands behind the `#`, which no browser sends to a server by itself. */
const token = location.hash.slice(1);

if (token === "") tell("This link is not whole: it ends before its code. Open the link in the invite's mail.", true);
else {
  tell("");
  form.hidden = false;
  form.elements.name.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void accept(form.elements.name.value);
  });
}

async function accept(name) {
  button.disabled = true;
  tell("One moment …");
  try {
    const reply = await fetch("/headrace/v1/invites/accept", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, name: name.trim() }),
    });
    const answer = await reply.json();
    if (reply.ok) welcome(answer);
    else tell(answer.error.message, true);
  } catch (error) {
    tell(`The server gave no answer: ${error.message}. Try again.`, true);
  } finally {
    button.disabled = false;
  }
}

function welcome({ organization, user }) {
  form.hidden = true;
  // The token is used up: it need not stay in the browser's history.
  history.replaceState(null, "", location.pathname);
  tell(
    `Welcome, ${user.name}. You are now ${user.role === "owner" ? "an owner" : "a reader"} of ${organization.name}.`,
  );
}

function tell(text, isBad = false) {
  outcome.textContent = text;
  outcome.className = isBad ? "bad" : "";
}
