// Everything comes from the scanner itself: no other address is ever asked. Where it is, this script's own address says.
const documentUrl = new URL('../openapi.json', document.currentScript.src).href;
window.addEventListener('DOMContentLoaded', () => {
  SwaggerUIBundle({
    url: documentUrl,
    dom_id: '#docs',
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
