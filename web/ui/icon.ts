/** The mark: a watch that sees outwards from its post. Colours that hold on light and dark. */
export const iconSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#12406b"/>
<g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round">
<path d="M9 23a14 14 0 0 1 14-14" opacity=".55"/>
<path d="M14 23a9 9 0 0 1 9-9"/>
</g>
<circle cx="22" cy="22" r="3.2" fill="#6fdc9f"/>
</svg>
`;
